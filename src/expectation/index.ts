// In: the state of a cluster. Out: for a pair of endpoints the exact ports of each protocol that are allowed, denied or
// left open by the API, with the clauses that decide; for one connection its share of that; under a fault model the same.
// Not here: parsing and validation (snapshot/), which connections to try (plan/), addresses that are translated on the
// way (a policy sees the pod's address and port, never a Service's), and whether a cluster does as expected (verdict/).
export { type Address, type Cidr, contains, type Family, formatAddress, parseAddress, parseCidr } from "./cidr.ts";
export type { Allow, Clause, Decision, DirectionDecision, PolicyName } from "./decision.ts";
export {
  type ConnectionExpectation,
  createExpectation,
  type Endpoint,
  type Expectation,
  type PairExpectation,
  type ProtocolPort,
  type UnspecifiedReason,
} from "./expectation.ts";
export { SEMANTIC_FAULTS, type SemanticFault } from "./fault.ts";
export {
  ALL_PORTS,
  formatPorts,
  hasPort,
  intersectPorts,
  NO_PORTS,
  type PortInterval,
  type PortSet,
  portBoundaries,
  subtractPorts,
  unitePorts,
} from "./port-set.ts";
export {
  EVERYTHING,
  intersect,
  isNothing,
  NOTHING,
  type PortsByProtocol,
  subtract,
  unite,
} from "./ports-by-protocol.ts";
export { selects } from "./selector.ts";

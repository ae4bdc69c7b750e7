// In: the state of a cluster. Out: for a pair of endpoints the exact ports of each protocol that are allowed, denied or
// left open by the API, with the clauses that decide; for one connection its share of that; under a fault model the same.
// Not here: parsing and validation (snapshot/), which connections to try (plan/), addresses that are translated on the
// way (a policy sees the pod's address and port, never a Service's), and whether a cluster does as expected (verdict/).
export { type Cidr, contains, formatAddress, parseAddress, parseCidr } from "./cidr.ts";
export type { Decision, DirectionDecision } from "./decision.ts";
export {
  type ConnectionExpectation,
  createExpectation,
  type Endpoint,
  type Expectation,
  type PairExpectation,
} from "./expectation.ts";
export { canShow, SEMANTIC_FAULTS, type SemanticFault } from "./fault.ts";
export { formatPorts, hasPort, portBoundaries } from "./port-set.ts";
export { intersect, isNothing, type PortsByProtocol, subtract, unite } from "./ports-by-protocol.ts";
export { selects } from "./selector.ts";

import type { ClusterState, Direction, Pod, Protocol } from "../snapshot/index.ts";
import { type Address, parseAddress } from "./cidr.ts";
import { compilePolicies } from "./compiled-policy.ts";
import { decide, type End, type Ends } from "./decide.ts";
import { type Decision, type DirectionDecision, granted } from "./decision.ts";
import { type Reading, readingUnder, type SemanticFault } from "./fault.ts";
import { createPodViews } from "./pod-view.ts";
import { hasPort, isPort } from "./port-set.ts";
import { EVERYTHING, intersect, isNothing, NOTHING, type PortsByProtocol, subtract } from "./ports-by-protocol.ts";
import { createTables } from "./tables.ts";

/** `address` is the one of the pod's that the connection uses, or an address outside the cluster. */
export type Endpoint =
  | { readonly kind: "pod"; readonly pod: Pod; readonly address: string }
  | { readonly kind: "address"; readonly address: string };

/** Why the API, or the reading of it, leaves a connection open. */
type UnspecifiedReason = "self" | "hostNetwork" | "ipblock-matches-pod";

/** A port is in `allowed`, or in `unspecified`, or else denied. `unspecifiedBecause` is there iff `unspecified` has a port. */
export interface PairExpectation {
  readonly allowed: PortsByProtocol;
  readonly unspecified: PortsByProtocol;
  readonly unspecifiedBecause?: UnspecifiedReason;
  /** What the policies say by the letter, even where `self` or `hostNetwork` leaves all of it open. */
  readonly decision: Decision;
}

/** `decision` holds of the allows only those that open the port. */
export type ConnectionExpectation =
  | { readonly kind: "allow"; readonly decision: Decision }
  | { readonly kind: "deny"; readonly because: readonly Direction[]; readonly decision: Decision }
  | { readonly kind: "unspecified"; readonly because: UnspecifiedReason; readonly decision: Decision };

export interface Expectation {
  /** Throws if the families of the two addresses differ. */
  readonly pair: (source: Endpoint, destination: Endpoint) => PairExpectation;
  readonly connection: (source: Endpoint, destination: Endpoint, on: ProtocolPort) => ConnectionExpectation;
  /** The same without the decision, many times as fast. */
  readonly kind: (source: Endpoint, destination: Endpoint, on: ProtocolPort) => ConnectionExpectation["kind"];
}

interface ProtocolPort {
  readonly protocol: Protocol;
  readonly port: number;
}

/** With a `fault`: what a network plugin would do that misreads the API in this way. */
export function createExpectation(state: ClusterState, options: { readonly fault?: SemanticFault } = {}): Expectation {
  const tables = createTables();
  const reading = readingUnder(options.fault);
  const policies = compilePolicies(state.policies.map(reading.policy), tables);
  const viewOf = createPodViews(state, { tables, policies, reading });
  const addresses = new Map<string, Address>();
  const endOf = (endpoint: Endpoint): End => {
    const address = addresses.get(endpoint.address) ?? addressOf(endpoint);
    addresses.set(endpoint.address, address);
    return endpoint.kind === "pod" ? { address, view: viewOf(endpoint.pod) } : { address };
  };
  const decidePair = (source: Endpoint, destination: Endpoint): PairExpectation => {
    const ends = { source: endOf(source), destination: endOf(destination) };
    if (ends.source.address.family !== ends.destination.address.family) {
      throw new Error(`Cannot judge a connection from "${source.address}" to "${destination.address}": two families`);
    }
    return expectPair(ends, reading);
  };
  // Many ports of one pair are asked about one after another.
  let last: { readonly source: Endpoint; readonly destination: Endpoint; readonly pair: PairExpectation } | undefined;
  const pair = (source: Endpoint, destination: Endpoint): PairExpectation => {
    if (last?.source !== source || last.destination !== destination)
      last = { source, destination, pair: decidePair(source, destination) };
    return last.pair;
  };
  return {
    pair,
    connection: (source, destination, on) => narrow(pair(source, destination), on),
    kind: (source, destination, on) => kindOf(pair(source, destination), on),
  };
}

function addressOf({ address }: Endpoint): Address {
  const parsed = parseAddress(address);
  if (parsed === undefined) throw new Error(`Cannot judge a connection: "${address}" is not an address`);
  return parsed;
}

function expectPair(ends: Ends, reading: Reading): PairExpectation {
  const decision = decide(ends, reading);
  const leftOpen = leftOpenBecause(ends);
  if (leftOpen !== undefined) {
    return { allowed: NOTHING, unspecified: EVERYTHING, unspecifiedBecause: leftOpen, decision };
  }
  // Both ends must allow: the source's egress and the destination's ingress.
  const egress = granted(decision.egress);
  const ingress = granted(decision.ingress);
  const allowed = intersect(egress.withoutPodAddresses, ingress.withoutPodAddresses);
  const unspecified = subtract(intersect(egress.all, ingress.all), allowed);
  if (isNothing(unspecified)) return { allowed, unspecified: NOTHING, decision };
  return { allowed, unspecified, unspecifiedBecause: "ipblock-matches-pod", decision };
}

function leftOpenBecause({ source, destination }: Ends): "self" | "hostNetwork" | undefined {
  const from = source.view?.pod;
  const to = destination.view?.pod;
  // hostNetwork pods are the node to most plugins, and a node may always reach its own pods.
  if (from?.hostNetwork || to?.hostNetwork) return "hostNetwork";
  if (from === undefined || to === undefined) return undefined;
  return from.namespace === to.namespace && from.name === to.name ? "self" : undefined;
}

function kindOf(
  { allowed, unspecified }: PairExpectation,
  { protocol, port }: ProtocolPort,
): ConnectionExpectation["kind"] {
  if (!isPort(port)) throw new Error(`Cannot judge a connection: ${port} is not a port`);
  if (hasPort(allowed[protocol], port)) return "allow";
  return hasPort(unspecified[protocol], port) ? "unspecified" : "deny";
}

function narrow(pair: PairExpectation, on: ProtocolPort): ConnectionExpectation {
  const kind = kindOf(pair, on);
  const opens = (ports: PortsByProtocol): boolean => hasPort(ports[on.protocol], on.port);
  const narrowed = (direction: DirectionDecision): DirectionDecision =>
    direction.kind === "isolated"
      ? { ...direction, allows: direction.allows.filter(({ ports }) => opens(ports)) }
      : direction;
  const decision = { egress: narrowed(pair.decision.egress), ingress: narrowed(pair.decision.ingress) };
  if (kind === "allow") return { kind, decision };
  if (kind === "unspecified" && pair.unspecifiedBecause !== undefined) {
    return { kind, because: pair.unspecifiedBecause, decision };
  }
  return { kind: "deny", because: closedDirections(decision), decision };
}

function closedDirections(decision: Decision): readonly Direction[] {
  const directions: readonly Direction[] = ["egress", "ingress"];
  return directions.filter((direction) => {
    const decided = decision[direction];
    return decided.kind === "isolated" && decided.allows.length === 0;
  });
}

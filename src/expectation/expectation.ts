import type { ClusterState, Direction, Pod, Protocol } from "../snapshot/index.ts";
import { type Address, parseAddress } from "./cidr.ts";
import { compilePolicies } from "./compiled-policy.ts";
import { type Decision, type DirectionDecision, decide, type End, type Ends, granted } from "./decision.ts";
import { readingUnder, type SemanticFault } from "./fault.ts";
import { hasPort, isPort } from "./port-set.ts";
import { EVERYTHING, intersect, isNothing, NOTHING, type PortsByProtocol, subtract } from "./ports-by-protocol.ts";
import { createSelectorTable } from "./selector.ts";
import { createSubjects } from "./subject.ts";

/** `address` is the one of the pod's that the connection uses, or an address outside the cluster. */
export type Endpoint =
  | { readonly kind: "pod"; readonly pod: Pod; readonly address: string }
  | { readonly kind: "address"; readonly address: string };

/** Why the API, or the reading of it, leaves a connection open. */
export type UnspecifiedReason = "self" | "hostNetwork" | "ipblock-matches-pod";

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
}

export interface ProtocolPort {
  readonly protocol: Protocol;
  readonly port: number;
}

/** With a `fault`: what a network plugin would do that misreads the API in this way. */
export function createExpectation(state: ClusterState, options: { readonly fault?: SemanticFault } = {}): Expectation {
  const table = createSelectorTable();
  const policies = compilePolicies(state.policies, table);
  const subjectOf = createSubjects(state, { table, policies, reading: readingUnder(options.fault) });
  const endOf = (endpoint: Endpoint): End => {
    const address = addressOf(endpoint);
    return endpoint.kind === "pod" ? { address, pod: endpoint.pod, subject: subjectOf(endpoint.pod) } : { address };
  };
  const pair = (source: Endpoint, destination: Endpoint): PairExpectation => {
    const ends = { source: endOf(source), destination: endOf(destination) };
    if (ends.source.address.family !== ends.destination.address.family) {
      throw new Error(`Cannot judge a connection from "${source.address}" to "${destination.address}": two families`);
    }
    return expectPair(ends);
  };
  return { pair, connection: (source, destination, on) => narrow(pair(source, destination), on) };
}

function addressOf({ address }: Endpoint): Address {
  const parsed = parseAddress(address);
  if (parsed === undefined) throw new Error(`Cannot judge a connection: "${address}" is not an address`);
  return parsed;
}

function expectPair(ends: Ends): PairExpectation {
  const decision = decide(ends);
  const leftOpen = leftOpenBecause(ends);
  if (leftOpen !== undefined) {
    return { allowed: NOTHING, unspecified: EVERYTHING, unspecifiedBecause: leftOpen, decision };
  }
  const allowed = grantedByBoth(decision, { viaPodAddress: false });
  const unspecified = subtract(grantedByBoth(decision, { viaPodAddress: true }), allowed);
  return {
    allowed,
    unspecified,
    ...(!isNothing(unspecified) && { unspecifiedBecause: "ipblock-matches-pod" }),
    decision,
  };
}

function leftOpenBecause({ source, destination }: Ends): "self" | "hostNetwork" | undefined {
  // hostNetwork pods are the node to most plugins, and a node may always reach its own pods.
  if (source.pod?.hostNetwork || destination.pod?.hostNetwork) return "hostNetwork";
  if (source.pod === undefined || destination.pod === undefined) return undefined;
  const isSelf = source.pod.namespace === destination.pod.namespace && source.pod.name === destination.pod.name;
  return isSelf ? "self" : undefined;
}

// "Both the egress policy on the source pod and the ingress policy on the destination pod need to allow the connection."
function grantedByBoth({ egress, ingress }: Decision, options: { readonly viaPodAddress: boolean }): PortsByProtocol {
  return intersect(granted(egress, options), granted(ingress, options));
}

function narrow(pair: PairExpectation, on: ProtocolPort): ConnectionExpectation {
  if (!isPort(on.port)) throw new Error(`Cannot judge a connection: ${on.port} is not a port`);
  const opens = (ports: PortsByProtocol): boolean => hasPort(ports[on.protocol], on.port);
  const narrowed = (direction: DirectionDecision): DirectionDecision =>
    direction.kind === "isolated"
      ? { ...direction, allows: direction.allows.filter(({ ports }) => opens(ports)) }
      : direction;
  const decision = { egress: narrowed(pair.decision.egress), ingress: narrowed(pair.decision.ingress) };
  if (opens(pair.allowed)) return { kind: "allow", decision };
  if (pair.unspecifiedBecause !== undefined && opens(pair.unspecified)) {
    return { kind: "unspecified", because: pair.unspecifiedBecause, decision };
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

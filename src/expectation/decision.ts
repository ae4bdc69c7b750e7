// What one direction of a connection is granted, and by which clause of which policy.
import type { Direction, Pod } from "../snapshot/index.ts";
import { type Address, contains } from "./cidr.ts";
import type {
  CompiledIpBlock,
  CompiledPeer,
  CompiledPodsPeer,
  CompiledPolicy,
  CompiledPort,
  CompiledRule,
  PolicyName,
} from "./compiled-policy.ts";
import { unitePorts } from "./port-set.ts";
import { EVERYTHING, isNothing, onlyProtocol, type PortsByProtocol, unite } from "./ports-by-protocol.ts";
import type { Subject } from "./subject.ts";

export interface Decision {
  readonly egress: DirectionDecision;
  readonly ingress: DirectionDecision;
}

export type DirectionDecision =
  /** That end is no pod, so no policy applies to it. */
  | { readonly kind: "outside" }
  /** No policy isolates the pod: everything is allowed. */
  | { readonly kind: "not-isolated" }
  /** `by` and `allows` are sorted by namespace and name; rules, peers and ports stand in the order of the policy. */
  | { readonly kind: "isolated"; readonly by: readonly PolicyName[]; readonly allows: readonly Allow[] };

/** One clause that matches the connection and the ports that it opens, at least one. */
export interface Allow {
  readonly policy: PolicyName;
  readonly rule: number;
  /** `null` where the rule names no peers. */
  readonly peer: number | null;
  /** `null` where the rule names no ports. */
  readonly port: number | null;
  readonly ports: PortsByProtocol;
  /** The peer is an ipBlock, and what it matches is a pod's address. */
  readonly viaPodAddress?: true;
}

/** One end of a connection as policies see it. Without a pod it lies outside the cluster. */
export interface End {
  readonly address: Address;
  readonly pod?: Pod;
  readonly subject?: Subject;
}

export interface Ends {
  readonly source: End;
  readonly destination: End;
}

export function decide(ends: Ends): Decision {
  return { egress: decideDirection("egress", ends), ingress: decideDirection("ingress", ends) };
}

/** The ports that a direction is granted; `viaPodAddress: false` leaves out what rests on an ipBlock matching a pod. */
export function granted(decision: DirectionDecision, options: { readonly viaPodAddress: boolean }): PortsByProtocol {
  switch (decision.kind) {
    case "outside":
    case "not-isolated":
      return EVERYTHING;
    case "isolated":
      return unite(
        decision.allows.filter((allow) => options.viaPodAddress || !allow.viaPodAddress).map(({ ports }) => ports),
      );
  }
}

function decideDirection(direction: Direction, ends: Ends): DirectionDecision {
  const { subject } = direction === "egress" ? ends.source : ends.destination;
  if (subject === undefined) return { kind: "outside" };
  const policies = subject.policies[direction];
  if (policies.length === 0) return { kind: "not-isolated" };
  return {
    kind: "isolated",
    by: policies.map(({ name }) => name),
    allows: policies.flatMap((policy) => allowsOf(policy, direction, ends)),
  };
}

function allowsOf(policy: CompiledPolicy, direction: Direction, ends: Ends): readonly Allow[] {
  const peerEnd = direction === "egress" ? ends.destination : ends.source;
  const rules = policy.rules[direction] ?? [];
  // "The traffic must match both ports and from": a cross product within one rule, never across rules.
  return rules.flatMap((rule, index) => {
    const peers = matchingPeers(rule, peerEnd);
    if (peers.length === 0) return [];
    // In egress rules too a name means a port of the pod that is connected to.
    const ports = openedPorts(rule, ends.destination.pod);
    return peers.flatMap((peer) => ports.map((port) => ({ policy: policy.name, rule: index, ...peer, ...port })));
  });
}

function matchingPeers({ peers }: CompiledRule, end: End): readonly Pick<Allow, "peer" | "viaPodAddress">[] {
  // "If this field is empty or missing, this rule matches all sources."
  if (peers.length === 0) return [{ peer: null }];
  return peers.flatMap((peer, index) => {
    if (!matchesPeer(peer, end)) return [];
    return peer.kind === "ipBlock" && end.pod !== undefined ? { peer: index, viaPodAddress: true } : { peer: index };
  });
}

function matchesPeer(peer: CompiledPeer, end: End): boolean {
  switch (peer.kind) {
    case "pods":
      return end.subject !== undefined && matchesPod(peer, end.subject);
    case "ipBlock":
      return matchesBlock(peer, end.address);
  }
}

function matchesPod({ namespaces, podSelector }: CompiledPodsPeer, subject: Subject): boolean {
  const isInNamespace =
    namespaces.kind === "own" ? namespaces.name === subject.namespace : subject.isNamespaceSelected[namespaces.by];
  return isInNamespace === true && subject.isSelected[podSelector] === true;
}

// "The except entry describes CIDRs that should not be included within this rule": it takes away from its own block.
function matchesBlock({ cidr, except }: CompiledIpBlock, address: Address): boolean {
  return contains(cidr, address) && !except.some((exception) => contains(exception, address));
}

function openedPorts({ ports }: CompiledRule, destination: Pod | undefined): readonly Pick<Allow, "port" | "ports">[] {
  // "If this field is empty or missing, this rule matches all ports", of all protocols.
  if (ports.length === 0) return [{ port: null, ports: EVERYTHING }];
  return ports
    .map((item, index) => ({ port: index, ports: resolvePort(item, destination) }))
    .filter((opened) => !isNothing(opened.ports));
}

function resolvePort(item: CompiledPort, destination: Pod | undefined): PortsByProtocol {
  switch (item.kind) {
    case "numbers":
      return item.ports;
    case "name": {
      // Another number on each pod, several on one pod, none outside the cluster; the protocol is part of the name.
      const declared = (destination?.ports ?? []).filter(
        ({ name, protocol }) => name === item.name && protocol === item.protocol,
      );
      return onlyProtocol(item.protocol, unitePorts(declared.map(({ port }) => [[port, port]])));
    }
  }
}

// Policies in the form that is quick to ask: selectors as numbers of a table, CIDRs as words, ports as sets.
import type { Direction, NetworkPolicy, Peer, PodsPeer, PortItem, Rule, Selector } from "../snapshot/index.ts";
import { type Cidr, parseCidr } from "./cidr.ts";
import { ALL_PORTS } from "./port-set.ts";
import { onlyProtocol, type PortsByProtocol } from "./ports-by-protocol.ts";
import type { SelectorTable } from "./selector.ts";

export interface PolicyName {
  readonly namespace: string;
  readonly name: string;
}

export interface CompiledPolicy {
  readonly name: PolicyName;
  readonly podSelector: number;
  /** A direction is absent if the policy does not isolate for it. */
  readonly rules: { readonly [direction in Direction]?: readonly CompiledRule[] };
}

/** No peers: everyone. No ports: every port. */
export interface CompiledRule {
  readonly peers: readonly CompiledPeer[];
  readonly ports: readonly CompiledPort[];
}

export type CompiledPeer = CompiledPodsPeer | CompiledIpBlock;

export interface CompiledPodsPeer {
  readonly kind: "pods";
  readonly namespaces:
    | { readonly kind: "own"; readonly name: string }
    | { readonly kind: "selected"; readonly by: number };
  readonly podSelector: number;
}

export interface CompiledIpBlock {
  readonly kind: "ipBlock";
  readonly cidr: Cidr;
  readonly except: readonly Cidr[];
}

export type CompiledPort =
  | { readonly kind: "numbers"; readonly ports: PortsByProtocol }
  | Extract<PortItem, { kind: "name" }>;

const EVERY: Selector = [];

/** Sorted by namespace and name: policies add up, so their order must not show anywhere. */
export function compilePolicies(policies: readonly NetworkPolicy[], table: SelectorTable): readonly CompiledPolicy[] {
  return [...policies].sort(byName).map((policy) => compilePolicy(policy, table));
}

function byName(a: NetworkPolicy, b: NetworkPolicy): number {
  return compareText(a.namespace, b.namespace) || compareText(a.name, b.name);
}

// Not by locale: the order is the same on every machine.
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compilePolicy(
  { namespace, name, podSelector, isolates }: NetworkPolicy,
  table: SelectorTable,
): CompiledPolicy {
  const compileRule = (rule: Rule): CompiledRule => ({
    peers: rule.peers.map((peer) => compilePeer(peer, namespace, table)),
    ports: rule.ports.map(compilePort),
  });
  return {
    name: { namespace, name },
    podSelector: table.numberOf(podSelector),
    rules: {
      ...(isolates.ingress && { ingress: isolates.ingress.map(compileRule) }),
      ...(isolates.egress && { egress: isolates.egress.map(compileRule) }),
    },
  };
}

function compilePeer(peer: Peer, policyNamespace: string, table: SelectorTable): CompiledPeer {
  switch (peer.kind) {
    case "pods":
      return {
        kind: "pods",
        namespaces: compileNamespaces(peer, policyNamespace, table),
        podSelector: table.numberOf(peer.podSelector ?? EVERY),
      };
    case "ipBlock":
      return { kind: "ipBlock", cidr: cidrOf(peer.cidr), except: peer.except.map(cidrOf) };
  }
}

// "Otherwise it selects the pods matching podSelector in the policy's own namespace."
function compileNamespaces(
  { namespaceSelector }: PodsPeer,
  policyNamespace: string,
  table: SelectorTable,
): CompiledPodsPeer["namespaces"] {
  return namespaceSelector === undefined
    ? { kind: "own", name: policyNamespace }
    : { kind: "selected", by: table.numberOf(namespaceSelector) };
}

function compilePort(item: PortItem): CompiledPort {
  switch (item.kind) {
    case "all":
      return { kind: "numbers", ports: onlyProtocol(item.protocol, ALL_PORTS) };
    case "range":
      return { kind: "numbers", ports: onlyProtocol(item.protocol, [[item.from, item.to]]) };
    case "name":
      return item;
  }
}

function cidrOf(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw new Error(`Cannot read an ipBlock of a policy: "${text}" is not a CIDR`);
  return cidr;
}

// Policies in the form that is quick to ask: selectors as their numbers, CIDRs as words, allows ready made.
import type {
  Direction,
  NetworkPolicy,
  Peer,
  PodsPeer,
  PortItem,
  Protocol,
  Rule,
  Selector,
} from "../snapshot/index.ts";
import { type Cidr, parseCidr } from "./cidr.ts";
import type { Allow, Clause, PolicyName } from "./decision.ts";
import { FIRST_PORT, LAST_PORT } from "./port-set.ts";
import { EVERYTHING, type PortsByProtocol } from "./ports-by-protocol.ts";
import { remember, type Tables } from "./tables.ts";

export interface CompiledPolicy {
  readonly name: PolicyName;
  readonly podSelector: number;
  /** The peers of all rules in their order. A direction is absent if the policy does not isolate for it. */
  readonly peers: { readonly [direction in Direction]?: readonly CompiledPeer[] };
}

/** One peer with what its own rule opens: peers × ports is a cross product within one rule, never across rules. */
export interface CompiledPeer {
  readonly who: Who;
  readonly opens: readonly Opening[];
  /** The same, marked as resting on the address of a pod. */
  readonly opensViaPodAddress: readonly Opening[];
}

export type Who =
  | { readonly kind: "everyone" }
  | { readonly kind: "pods"; readonly namespaces: Namespaces; readonly podSelector: number }
  | { readonly kind: "ipBlock"; readonly cidr: Cidr; readonly except: readonly Cidr[] };

export type Namespaces =
  | { readonly kind: "own"; readonly name: string }
  | { readonly kind: "selected"; readonly selector: number };

export type Opening =
  | { readonly kind: "numbers"; readonly allow: Allow }
  | { readonly kind: "name"; readonly key: string; readonly allow: (ports: PortsByProtocol) => Allow };

/** The protocol is part of the name: `web` over TCP is another port than `web` over UDP. */
export function portNameKey(protocol: Protocol, name: string): string {
  return `${protocol}/${name}`;
}

/** Sorted by namespace and name: policies add up, so their order must not show anywhere. */
export function compilePolicies(policies: readonly NetworkPolicy[], tables: Tables): readonly CompiledPolicy[] {
  return [...policies].sort(byName).map((policy) => compilePolicy(policy, tables));
}

function byName(a: NetworkPolicy, b: NetworkPolicy): number {
  return compareText(a.namespace, b.namespace) || compareText(a.name, b.name);
}

// Not by locale: the order is the same on every machine.
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compilePolicy({ namespace, name, podSelector, isolates }: NetworkPolicy, tables: Tables): CompiledPolicy {
  const policy = { namespace, name };
  const compile = (rules: readonly Rule[]): readonly CompiledPeer[] =>
    rules.flatMap((rule, index) =>
      peersOf(rule).map((peer, at) => ({
        who: peer === null ? { kind: "everyone" } : compilePeer(peer, namespace, tables),
        ...compileOpenings(rule, { policy, rule: index, peer: peer === null ? null : at }, tables),
      })),
    );
  return {
    name: policy,
    podSelector: tables.selectors.numberOf(podSelector),
    peers: {
      ...(isolates.ingress && { ingress: compile(isolates.ingress) }),
      ...(isolates.egress && { egress: compile(isolates.egress) }),
    },
  };
}

// "If this field is empty or missing, this rule matches all sources (traffic not restricted by source)."
function peersOf({ peers }: Rule): readonly (Peer | null)[] {
  return peers.length === 0 ? [null] : peers;
}

const EVERY_POD: Selector = [];

function compilePeer(peer: Peer, policyNamespace: string, tables: Tables): Who {
  switch (peer.kind) {
    case "pods": {
      const namespaces = compileNamespaces(peer, policyNamespace, tables);
      return { kind: "pods", namespaces, podSelector: tables.selectors.numberOf(peer.podSelector ?? EVERY_POD) };
    }
    case "ipBlock":
      return { kind: "ipBlock", cidr: cidrOf(peer.cidr), except: peer.except.map(cidrOf) };
  }
}

// "Otherwise it selects the pods matching podSelector in the policy's own namespace."
function compileNamespaces({ namespaceSelector }: PodsPeer, own: string, tables: Tables): Namespaces {
  return namespaceSelector === undefined
    ? { kind: "own", name: own }
    : { kind: "selected", selector: tables.selectors.numberOf(namespaceSelector) };
}

function compileOpenings({ ports }: Rule, at: Omit<Clause, "port">, tables: Tables): Omit<CompiledPeer, "who"> {
  const compile = (place: Omit<Clause, "port">): readonly Opening[] =>
    // "If this field is empty or missing, this rule matches all ports", of all protocols.
    ports.length === 0
      ? [{ kind: "numbers", allow: { ...place, port: null, ports: EVERYTHING } }]
      : ports.map((item, port) => compileOpening(item, { ...place, port }, tables));
  return { opens: compile(at), opensViaPodAddress: compile({ ...at, viaPodAddress: true }) };
}

function compileOpening(item: PortItem, clause: Clause, tables: Tables): Opening {
  switch (item.kind) {
    case "all":
      return { kind: "numbers", allow: { ...clause, ports: tables.ports(item.protocol, [FIRST_PORT, LAST_PORT]) } };
    case "range":
      return { kind: "numbers", allow: { ...clause, ports: tables.ports(item.protocol, [item.from, item.to]) } };
    case "name": {
      const known = new Map<PortsByProtocol, Allow>();
      const allow = (ports: PortsByProtocol): Allow => remember(known, ports, () => ({ ...clause, ports }));
      return { kind: "name", key: portNameKey(item.protocol, item.name), allow };
    }
  }
}

function cidrOf(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw new Error(`Cannot read an ipBlock of a policy: "${text}" is not a CIDR`);
  return cidr;
}

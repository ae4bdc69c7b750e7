import {
  type Direction,
  type NetworkPolicy,
  type Peer,
  type PortItem,
  PROTOCOLS,
  type Rule,
  type Rules,
} from "../snapshot/index.ts";
import type { Address } from "./cidr.ts";
import { unitePorts } from "./port-set.ts";
import { NOTHING, type PortsByProtocol } from "./ports-by-protocol.ts";

/** Ways in which a network plugin misreads the API that can be computed as a variation of the expectation. */
export const SEMANTIC_FAULTS = [
  "nothing-enforced",
  "ingress-not-enforced",
  "egress-not-enforced",
  "ipv6-not-enforced",
  "policytypes-ignored",
  "pod-selector-cluster-wide",
  "peer-and-read-as-or",
  "except-ignored",
  "protocol-ignored",
  "named-port-not-resolved",
  "endport-ignored-narrow",
  "endport-ignored-wide",
] as const;
export type SemanticFault = (typeof SEMANTIC_FAULTS)[number];

/** One member for each clause of the API that some fault reads differently. */
export interface Reading {
  /** Whether policies count at all for connections of this family in this direction. */
  readonly enforces: (direction: Direction, family: Address["family"]) => boolean;
  /** The policy that a plugin enforces in place of this one. */
  readonly policy: (policy: NetworkPolicy) => NetworkPolicy;
  /** What a port's name stands for on a pod. */
  readonly named: (ports: PortsByProtocol) => PortsByProtocol;
}

const FAITHFUL: Reading = { enforces: () => true, policy: same, named: same };

const MISREADINGS = {
  "nothing-enforced": { enforces: () => false },
  "ingress-not-enforced": { enforces: (direction) => direction !== "ingress" },
  "egress-not-enforced": { enforces: (direction) => direction !== "egress" },
  "ipv6-not-enforced": { enforces: (_, family) => family !== 6 },
  /** As if it were absent: always Ingress, and Egress if it has a rule. */
  "policytypes-ignored": {
    policy: ({ unnamed, ...policy }) => {
      const { ingress = [], egress = [] } = { ...policy.isolates, ...unnamed };
      return { ...policy, isolates: { ingress, ...(egress.length > 0 ? { egress } : {}) } };
    },
  },
  "pod-selector-cluster-wide": {
    policy: eachPeer((peer) =>
      peer.kind === "pods" && peer.namespaceSelector === undefined ? [{ ...peer, namespaceSelector: [] }] : [peer],
    ),
  },
  "peer-and-read-as-or": {
    policy: eachPeer((peer) => {
      if (peer.kind === "ipBlock" || peer.namespaceSelector === undefined || peer.podSelector === undefined)
        return [peer];
      const { namespaceSelector, podSelector } = peer;
      return [
        { kind: "pods", namespaceSelector },
        { kind: "pods", podSelector },
      ];
    }),
  },
  "except-ignored": {
    policy: eachPeer((peer) => [peer.kind === "ipBlock" ? { ...peer, except: [] } : peer]),
  },
  "protocol-ignored": {
    policy: eachPort((item) => (item.kind === "name" ? [item] : PROTOCOLS.map((protocol) => ({ ...item, protocol })))),
    named: (ports) => {
      const numbers = unitePorts(PROTOCOLS.map((protocol) => ports[protocol]));
      return { TCP: numbers, UDP: numbers, SCTP: numbers };
    },
  },
  "named-port-not-resolved": { named: () => NOTHING },
  "endport-ignored-narrow": {
    policy: eachPort((item) => [item.kind === "range" ? { ...item, to: item.from } : item]),
  },
  "endport-ignored-wide": {
    policy: eachPort((item) => [
      item.kind === "range" && item.to > item.from ? { kind: "all", protocol: item.protocol } : item,
    ]),
  },
} satisfies Record<SemanticFault, Partial<Reading>>;

export function readingUnder(fault: SemanticFault | undefined): Reading {
  return fault === undefined ? FAITHFUL : { ...FAITHFUL, ...MISREADINGS[fault] };
}

/** Whether a cluster with these policies could look different under the fault at all. */
export function canShow(fault: SemanticFault, policies: readonly NetworkPolicy[]): boolean {
  const { enforces, policy: read, named } = readingUnder(fault);
  if (enforces !== FAITHFUL.enforces) return true;
  if (policies.some((policy) => JSON.stringify(read(policy)) !== JSON.stringify(policy))) return true;
  return named !== FAITHFUL.named && policies.some((policy) => JSON.stringify(policy).includes('"kind":"name"'));
}

/** The policy with other peers in its rules; a rule without peers speaks of everyone, and stays. */
function eachPeer(read: (peer: Peer) => readonly Peer[]): Reading["policy"] {
  return eachRule((rule) => ({ ...rule, peers: rule.peers.flatMap(read) }));
}

function eachPort(read: (item: PortItem) => readonly PortItem[]): Reading["policy"] {
  return eachRule((rule) => ({ ...rule, ports: rule.ports.flatMap(read) }));
}

function eachRule(read: (rule: Rule) => Rule): Reading["policy"] {
  return (policy) => {
    const { ingress, egress } = policy.isolates;
    const isolates: Rules = {
      ...(ingress && { ingress: ingress.map(read) }),
      ...(egress && { egress: egress.map(read) }),
    };
    return { ...policy, isolates };
  };
}

function same<T>(value: T): T {
  return value;
}

import type { Endpoint } from "../expectation/index.ts";
import type { ClusterState, Pod } from "../snapshot/index.ts";
import type { ExternalTarget, ForeignPolicy, PartyName, StagedService } from "./model.ts";
import type { PortOfInterest } from "./ports.ts";

/** The stage as the server made it: pods with addresses, policies as stored. */
export interface ProofStage {
  readonly foreign: readonly ForeignPolicy[];
  readonly state: ClusterState;
  /** What each pod reaches without a gateway: prefixes such as `10.244.1.0/24`. */
  readonly onLink: ReadonlyMap<PartyName, readonly string[]>;
  /** Pods whose kernel has no SCTP. */
  readonly withoutSctp: ReadonlySet<PartyName>;
  /** The host outside the cluster, if there is one. */
  readonly outside: { readonly party: PartyName; readonly addresses: readonly string[] } | undefined;
  /** With the addresses that the cluster gave them. */
  readonly services: readonly StagedService[];
  /** Others outside, to which connections can go. */
  readonly externals: readonly ExternalTarget[];
}

/** One end of a connection: a pod, or one address of the host outside. */
export interface End {
  readonly party: PartyName;
  /** For people and for stable ids: `shop/web`, or the address outside. */
  readonly name: string;
  readonly address: string;
  readonly family: Family;
  /** A pod has an end for each of its addresses, of which one is its own before the others. */
  readonly isFirst: boolean;
  readonly endpoint: Endpoint;
  readonly isOutside: boolean;
  /** It is not ours: a destination on this port alone. */
  readonly only?: PortOfInterest;
}

export type Family = 4 | 6;

/** One for each address, IPv4 first. */
export function insideEnds(pod: Pod): readonly End[] {
  const name = `${pod.namespace}/${pod.name}`;
  const ends = pod.addresses.map((address) => ({
    party: name,
    name,
    address,
    family: familyOf(address),
    endpoint: { kind: "pod", pod, address } as const,
    isOutside: false,
  }));
  return ends.toSorted((a, b) => a.family - b.family).map((end, index) => ({ ...end, isFirst: index === 0 }));
}

export function familyOf(address: string): Family {
  return address.includes(":") ? 6 : 4;
}

export function outsideEnds({ outside, externals }: ProofStage): readonly End[] {
  const end = (address: string, party: PartyName): End => ({
    party,
    name: address,
    address,
    family: familyOf(address),
    isFirst: true,
    endpoint: { kind: "address", address },
    isOutside: true,
  });
  return [
    ...(outside?.addresses ?? []).map((address) => end(address, outside?.party ?? address)),
    ...externals.map(({ address, port }) => ({
      ...end(address, `external ${address}`),
      only: { protocol: "TCP", port } as const,
    })),
  ];
}

export function podOf({ endpoint }: End): Pod | undefined {
  return endpoint.kind === "pod" ? endpoint.pod : undefined;
}

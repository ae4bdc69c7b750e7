import type { Endpoint } from "../expectation/index.ts";
import type { ClusterState, Pod } from "../snapshot/index.ts";
import type { ForeignPolicy, PartyName } from "./model.ts";

/** The stage as the server made it: pods with addresses, policies as stored. */
export interface ProofStage {
  readonly foreign: readonly ForeignPolicy[];
  readonly state: ClusterState;
  /** What each pod reaches without a gateway: prefixes such as `10.244.1.0/24`. */
  readonly onLink: ReadonlyMap<PartyName, readonly string[]>;
  /** The host outside the cluster, if there is one. */
  readonly outside: { readonly party: PartyName; readonly addresses: readonly string[] } | undefined;
}

/** One end of a connection: a pod, or one address of the host outside. */
export interface End {
  readonly party: PartyName;
  /** For people and for stable ids: `shop/web`, or the address outside. */
  readonly name: string;
  readonly address: string;
  readonly endpoint: Endpoint;
  readonly isOutside: boolean;
}

/** Empty for a pod without an IPv4 address. */
export function insideEnd(pod: Pod): readonly End[] {
  const address = pod.addresses.find((candidate) => !candidate.includes(":"));
  if (address === undefined) return [];
  const name = `${pod.namespace}/${pod.name}`;
  return [{ party: name, name, address, endpoint: { kind: "pod", pod, address }, isOutside: false }];
}

export function outsideEnds({ outside }: ProofStage): readonly End[] {
  return (outside?.addresses ?? []).map((address) => ({
    party: outside?.party ?? address,
    name: address,
    address,
    endpoint: { kind: "address", address },
    isOutside: true,
  }));
}

export function podOf({ endpoint }: End): Pod | undefined {
  return endpoint.kind === "pod" ? endpoint.pod : undefined;
}

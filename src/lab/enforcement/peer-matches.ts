import { FAMILIES, NFT_ADDRESS, NFT_HEADER } from "./addresses.ts";
import { EVERYTHING, type Match } from "./matches.ts";
import type { PolicyPod } from "./pods.ts";
import type { Direction, Peer, Policy } from "./policies.ts";
import type { Surroundings } from "./surroundings.ts";

/** The side of the packet on which the peer is. */
const PEER_FIELD = { ingress: "saddr", egress: "daddr" } as const satisfies Record<Direction, string>;

interface PeerPlace {
  readonly policy: Policy;
  readonly direction: Direction;
}

/** What of a packet's other end satisfies one of the peers. None if no peer can ever be there. */
export function peerMatches(peers: readonly Peer[], place: PeerPlace, surroundings: Surroundings): readonly Match[] {
  if (peers.length === 0) return [EVERYTHING];
  const field = PEER_FIELD[place.direction];
  const selected = surroundings.pods.filter((pod) => peers.some((peer) => selectsPod(peer, pod, place.policy)));
  return [
    ...podMatches(selected, field, surroundings),
    ...peers.flatMap((peer) => (peer.kind === "ipBlock" ? [blockMatch(peer, field)] : [])),
  ];
}

function selectsPod(peer: Peer, pod: PolicyPod, policy: Policy): boolean {
  if (peer.kind === "ipBlock") return false; // judged by its address alone
  const isInNamespaces =
    peer.namespaces === undefined
      ? pod.namespace === policy.namespace
      : pod.namespaceLabels !== undefined && peer.namespaces(pod.namespaceLabels);
  return isInNamespaces && (peer.pods === undefined || peer.pods(pod.labels));
}

function podMatches(pods: readonly PolicyPod[], field: string, { sets }: Surroundings): readonly Match[] {
  return FAMILIES.flatMap((family) => {
    const addresses: string[] = [];
    for (const pod of pods) addresses.push(...pod.addresses[family]); // a hot spot, where flatMap is many times as slow
    if (addresses.length === 0) return [];
    const set = sets.reference(NFT_ADDRESS[family], addresses);
    return [{ family, text: `${NFT_HEADER[family]} ${field} ${set}` }];
  });
}

/**
 * A block takes in pods as well as the world outside, as upstream's tests have it. What it excepts, another peer may
 * still allow. Blocks and exceptions may overlap, which nft refuses in an interval set: so each is a match of its own.
 */
function blockMatch({ cidr, except }: Peer & { kind: "ipBlock" }, field: string): Match {
  const address = `${NFT_HEADER[cidr.family]} ${field}`;
  const texts = [`${address} ${cidr.text}`, ...except.map(({ text }) => `${address} != ${text}`)];
  return { family: cidr.family, text: texts.join(" ") };
}

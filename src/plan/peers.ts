import type { Direction, IpBlockPeer, NetworkPolicy, Peer, PodsPeer } from "../snapshot/index.ts";

export function podsPeers(policy: NetworkPolicy): readonly PodsPeer[] {
  return [...peersOf(policy, "ingress"), ...peersOf(policy, "egress")].filter((peer) => peer.kind === "pods");
}

export function ipBlocks(policy: NetworkPolicy, direction: Direction): readonly IpBlockPeer[] {
  return peersOf(policy, direction).filter((peer) => peer.kind === "ipBlock");
}

/** `10.0.0.0/8 except 10.1.0.0/16` */
export function formatIpBlock({ cidr, except }: IpBlockPeer): string {
  return except.length === 0 ? cidr : `${cidr} except ${except.join(", ")}`;
}

function peersOf({ isolates }: NetworkPolicy, direction: Direction): readonly Peer[] {
  return (isolates[direction] ?? []).flatMap(({ peers }) => peers);
}

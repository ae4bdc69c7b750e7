import type { Direction, IpBlockPeer, NetworkPolicy, Peer, PodsPeer } from "../snapshot/index.ts";

export function podsPeers(policy: NetworkPolicy): readonly PodsPeer[] {
  return [...peersOf(policy, "ingress"), ...peersOf(policy, "egress")].filter((peer) => peer.kind === "pods");
}

export function ipBlocks(policy: NetworkPolicy, direction: Direction): readonly IpBlockPeer[] {
  return peersOf(policy, direction).filter((peer) => peer.kind === "ipBlock");
}

function peersOf({ isolates }: NetworkPolicy, direction: Direction): readonly Peer[] {
  return (isolates[direction] ?? []).flatMap(({ peers }) => peers);
}

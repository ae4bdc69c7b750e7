import type { IpBlockPeer, NetworkPolicy, Peer, PodsPeer, Rule } from "../snapshot/index.ts";

export function podsPeers(policy: NetworkPolicy): readonly PodsPeer[] {
  return peersOf(policy).filter((peer) => peer.kind === "pods");
}

export function ipBlocks(policy: NetworkPolicy): readonly IpBlockPeer[] {
  return peersOf(policy).filter((peer) => peer.kind === "ipBlock");
}

function peersOf({ isolates }: NetworkPolicy): readonly Peer[] {
  const rules: readonly Rule[] = [...(isolates.ingress ?? []), ...(isolates.egress ?? [])];
  return rules.flatMap(({ peers }) => peers);
}

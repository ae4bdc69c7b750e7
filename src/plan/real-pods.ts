import { selects } from "../expectation/index.ts";
import type { Direction, Labels, NetworkPolicy, PodsPeer } from "../snapshot/index.ts";

/** How many pods of a cluster a selector of a policy matches. */
export interface RealPods {
  /** `namespace/name`. */
  readonly policy: string;
  /** Absent for the policy's own podSelector. Rule and peer count from 1, as people do. */
  readonly peer?: { readonly direction: Direction; readonly rule: number; readonly peer: number };
  readonly pods: number;
}

/** The pods of a cluster as it is, those of runs aside, and the labels of its namespaces. */
export interface RealCluster {
  readonly pods: readonly { readonly namespace: string; readonly labels: Labels }[];
  readonly namespaces: ReadonlyMap<string, Labels>;
}

/** Counts for every selector of the policies what it matches in the cluster: one that matches nothing is perhaps misspelt. */
export function countRealPods(
  policies: readonly NetworkPolicy[],
  { pods, namespaces }: RealCluster,
): readonly RealPods[] {
  const matched = (own: string, { namespaceSelector, podSelector = [] }: Omit<PodsPeer, "kind">): number =>
    pods.filter(({ namespace, labels }) => {
      const isThere =
        namespaceSelector === undefined
          ? namespace === own
          : selects(namespaceSelector, namespaces.get(namespace) ?? {});
      return isThere && selects(podSelector, labels);
    }).length;
  return policies.flatMap(({ namespace, name, podSelector, isolates }) => {
    const policy = `${namespace}/${name}`;
    const peers = (["ingress", "egress"] as const).flatMap((direction) =>
      (isolates[direction] ?? []).flatMap((rule, ruleIndex) =>
        rule.peers.flatMap((peer, index) => {
          if (peer.kind !== "pods") return [];
          const place = { direction, rule: ruleIndex + 1, peer: index + 1 };
          return [{ policy, peer: place, pods: matched(namespace, peer) }];
        }),
      ),
    );
    return [{ policy, pods: matched(namespace, { podSelector }) }, ...peers];
  });
}

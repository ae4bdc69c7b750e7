import { selects } from "../expectation/index.ts";
import type { Direction, Labels, NetworkPolicy, PodsPeer } from "../snapshot/index.ts";
import { ApiError } from "./api-error.ts";
import type { ApiClient } from "./client.ts";
import { RUN_ANNOTATION } from "./marks.ts";
import { type Kind, list, NAMESPACES, PODS } from "./objects.ts";

/** How many pods of the cluster, those of runs aside, a selector of a policy matches. */
export interface RealPods {
  /** `namespace/name`. */
  readonly policy: string;
  /** Absent for the policy's own podSelector. Rule and peer count from 1, as people do. */
  readonly peer?: { readonly direction: Direction; readonly rule: number; readonly peer: number };
  readonly pods: number;
}

interface Meta {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Labels;
  readonly annotations?: Labels;
}

/** Counts for every selector of the policies what it matches in the cluster as it is; undefined where that may not be listed. */
export async function countRealPods(
  client: ApiClient,
  policies: readonly NetworkPolicy[],
  signal: AbortSignal,
): Promise<readonly RealPods[] | undefined> {
  try {
    const [pods, namespaces] = await Promise.all([PODS, NAMESPACES].map((kind) => listMeta(client, kind, signal)));
    const labels = new Map(namespaces?.map((namespace) => [namespace.name, namespace.labels ?? {}]));
    return policies.flatMap((policy) => countFor(policy, pods ?? [], labels));
  } catch (error) {
    if (error instanceof ApiError && error.status.code === 403) return undefined;
    throw error;
  }
}

async function listMeta(client: ApiClient, kind: Kind, signal: AbortSignal): Promise<readonly Meta[]> {
  const { items } = await list(client, { kind, metadataOnly: true }, signal);
  return items
    .map(({ metadata }) => metadata as Meta)
    .filter(({ annotations = {} }) => !(RUN_ANNOTATION in annotations));
}

function countFor(
  policy: NetworkPolicy,
  pods: readonly Meta[],
  namespaces: ReadonlyMap<string, Labels>,
): readonly RealPods[] {
  const name = `${policy.namespace}/${policy.name}`;
  const matched = ({ namespaceSelector, podSelector = [] }: Omit<PodsPeer, "kind">): number =>
    pods.filter(({ namespace = "", labels = {} }) => {
      const isThere =
        namespaceSelector === undefined
          ? namespace === policy.namespace
          : selects(namespaceSelector, namespaces.get(namespace) ?? {});
      return isThere && selects(podSelector, labels);
    }).length;
  const peers = (["ingress", "egress"] as const).flatMap((direction) =>
    (policy.isolates[direction] ?? []).flatMap((rule, ruleIndex) =>
      rule.peers.flatMap((peer, index) =>
        peer.kind === "pods"
          ? [{ policy: name, peer: { direction, rule: ruleIndex + 1, peer: index + 1 }, pods: matched(peer) }]
          : [],
      ),
    ),
  );
  return [{ policy: name, pods: matched({ podSelector: policy.podSelector }) }, ...peers];
}

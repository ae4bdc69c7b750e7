import { selects } from "../expectation/index.ts";
import type { Labels, Manifests, NetworkPolicy, PodsPeer, Workload } from "../snapshot/index.ts";
import { formatSelector } from "./label-choice.ts";
import { NAME_LABEL } from "./names.ts";

/** What the files themselves show: a policy that misses by a letter isolates somebody else, perfectly. */
export interface Gaps {
  readonly unselectedWorkloads: readonly string[];
  readonly deadSelectors: readonly string[];
}

/** Holds the policies' selectors against the workloads of the files. Nothing is dead where the files hold no workload. */
export function findGaps(manifests: Manifests): Gaps {
  const { workloads } = manifests;
  if (workloads.length === 0) return { unselectedWorkloads: [], deadSelectors: [] };
  const policies = manifests.policies.map(({ policy }) => policy);
  const namespaceLabels = namespacesOf(manifests);
  const unselected = workloads.filter((workload) => !policies.some((policy) => applies(policy, workload)));
  return {
    unselectedWorkloads: unselected.map(({ namespace, name }) => `${namespace}/${name}`),
    deadSelectors: policies.flatMap((policy) => [...deadSelectors(policy, workloads, namespaceLabels)]),
  };
}

function applies(policy: NetworkPolicy, workload: Workload): boolean {
  return policy.namespace === workload.namespace && selects(policy.podSelector, workload.labels);
}

function* deadSelectors(
  policy: NetworkPolicy,
  workloads: readonly Workload[],
  namespaceLabels: ReadonlyMap<string, Labels>,
): Iterable<string> {
  const name = `${policy.namespace}/${policy.name}`;
  if (!workloads.some((workload) => applies(policy, workload))) {
    yield `podSelector of ${name}: ${formatSelector(policy.podSelector)}`;
  }
  for (const direction of ["ingress", "egress"] as const) {
    for (const [index, { peers }] of (policy.isolates[direction] ?? []).entries()) {
      for (const peer of peers) {
        if (peer.kind !== "pods" || workloads.some((workload) => matches(peer, policy, { workload, namespaceLabels })))
          continue;
        const isElsewhere = !knowsNamespace(peer, namespaceLabels);
        yield `${direction} rule ${index + 1} of ${name}: ${formatPeer(peer)}${isElsewhere ? " (no such namespace in the files)" : ""}`;
      }
    }
  }
}

function knowsNamespace({ namespaceSelector }: PodsPeer, namespaceLabels: ReadonlyMap<string, Labels>): boolean {
  if (namespaceSelector === undefined) return true;
  return [...namespaceLabels.values()].some((labels) => selects(namespaceSelector, labels));
}

function matches(
  { namespaceSelector, podSelector = [] }: PodsPeer,
  policy: NetworkPolicy,
  { workload, namespaceLabels }: { workload: Workload; namespaceLabels: ReadonlyMap<string, Labels> },
): boolean {
  const isNamespace =
    namespaceSelector === undefined
      ? workload.namespace === policy.namespace
      : selects(namespaceSelector, namespaceLabels.get(workload.namespace) ?? {});
  return isNamespace && selects(podSelector, workload.labels);
}

function namespacesOf({ namespaces, workloads }: Manifests): ReadonlyMap<string, Labels> {
  const labels = new Map<string, Labels>(workloads.map(({ namespace }) => [namespace, { [NAME_LABEL]: namespace }]));
  for (const namespace of namespaces) labels.set(namespace.name, { ...namespace.labels, [NAME_LABEL]: namespace.name });
  return labels;
}

function formatPeer({ namespaceSelector, podSelector }: PodsPeer): string {
  const parts = [
    ...(namespaceSelector === undefined ? [] : [`namespaceSelector ${formatSelector(namespaceSelector)}`]),
    ...(podSelector === undefined ? [] : [`podSelector ${formatSelector(podSelector)}`]),
  ];
  return parts.join(" and ");
}

import type { ClusterState, Direction, Labels, Pod } from "../snapshot/index.ts";
import type { CompiledPolicy } from "./compiled-policy.ts";
import type { Reading } from "./fault.ts";
import { labelsKey, type SelectorTable } from "./selector.ts";

/** All that selectors know of a pod; pods of one namespace with equal labels share it. */
export interface Subject {
  readonly namespace: string;
  /** By the selector's number: whether it selects the pod, and whether it selects the pod's namespace. */
  readonly isSelected: readonly boolean[];
  readonly isNamespaceSelected: readonly boolean[];
  /** The policies that isolate the pod. */
  readonly policies: Readonly<Record<Direction, readonly CompiledPolicy[]>>;
}

interface Sources {
  readonly table: SelectorTable;
  readonly policies: readonly CompiledPolicy[];
  readonly reading: Reading;
}

export function createSubjects(state: ClusterState, { table, policies, reading }: Sources): (pod: Pod) => Subject {
  const namespaces = new Map(state.namespaces.map(({ name, labels }) => [name, labels]));
  const policiesIn = byNamespace(policies);
  const byPod = new WeakMap<Pod, Subject>();
  const byKey = new Map<string, Subject>();

  function subjectOf(pod: Pod): Subject {
    const isSelected = table.selectedBy(pod.labels);
    // A policy applies to pods of its own namespace alone.
    const applying = (policiesIn.get(pod.namespace) ?? []).filter(({ podSelector }) => isSelected[podSelector]);
    const isolating = (direction: Direction): readonly CompiledPolicy[] =>
      reading.enforces(direction) ? applying.filter(({ rules }) => rules[direction] !== undefined) : [];
    return {
      namespace: pod.namespace,
      isSelected,
      isNamespaceSelected: table.selectedBy(namespaceLabels(pod, namespaces)),
      policies: { ingress: isolating("ingress"), egress: isolating("egress") },
    };
  }

  return (pod) => {
    const known = byPod.get(pod);
    if (known !== undefined) return known;
    const key = JSON.stringify([pod.namespace, labelsKey(pod.labels)]);
    const subject = byKey.get(key) ?? subjectOf(pod);
    byKey.set(key, subject);
    byPod.set(pod, subject);
    return subject;
  };
}

function byNamespace(policies: readonly CompiledPolicy[]): ReadonlyMap<string, readonly CompiledPolicy[]> {
  const groups = new Map<string, CompiledPolicy[]>();
  for (const policy of policies) {
    const group = groups.get(policy.name.namespace);
    if (group === undefined) groups.set(policy.name.namespace, [policy]);
    else group.push(policy);
  }
  return groups;
}

// Without the labels of its namespace nothing true can be said of a pod.
function namespaceLabels(pod: Pod, namespaces: ReadonlyMap<string, Labels>): Labels {
  const labels = namespaces.get(pod.namespace);
  if (labels === undefined) {
    throw new Error(`Cannot judge pod "${pod.namespace}/${pod.name}": its namespace is not in the cluster's state`);
  }
  return labels;
}

import type { ClusterState, Direction, Labels, Pod } from "../snapshot/index.ts";
import { type CompiledPolicy, portNameKey } from "./compiled-policy.ts";
import type { Reading } from "./fault.ts";
import { type PortsByProtocol, unite } from "./ports-by-protocol.ts";
import { labelsKey, type Tables } from "./tables.ts";

/** A pod as policies see it, without its address. */
export interface PodView {
  readonly pod: Pod;
  readonly subject: Subject;
  /** The numbers that a port's name stands for, several where containers share it, by `portNameKey`. */
  readonly namedPorts: ReadonlyMap<string, PortsByProtocol>;
}

/** All that selectors know of a pod: pods of one namespace with equal labels share it. */
export interface Subject {
  readonly namespace: string;
  /** By the selector's number: whether it selects the pod, and whether it selects the pod's namespace. */
  readonly isSelected: readonly boolean[];
  readonly isNamespaceSelected: readonly boolean[];
  /** The policies that isolate the pod. */
  readonly policies: Readonly<Record<Direction, readonly CompiledPolicy[]>>;
}

interface Sources {
  readonly tables: Tables;
  readonly policies: readonly CompiledPolicy[];
  readonly reading: Reading;
}

/** Pods may be other ones than the state's, in namespaces of the state. */
export function createPodViews(state: ClusterState, sources: Sources): (pod: Pod) => PodView {
  const namespaces = new Map(state.namespaces.map(({ name, labels }) => [name, labels]));
  const subjects = new Map<string, Subject>();
  const views = new WeakMap<Pod, PodView>();
  return (pod) => {
    const known = views.get(pod);
    if (known !== undefined) return known;
    const key = JSON.stringify([pod.namespace, labelsKey(pod.labels)]);
    const subject = subjects.get(key) ?? subjectOf(pod, namespaceLabels(pod, namespaces), sources);
    const view = { pod, subject, namedPorts: namedPortsOf(pod, sources) };
    subjects.set(key, subject);
    views.set(pod, view);
    return view;
  };
}

function subjectOf({ namespace, labels }: Pod, ofNamespace: Labels, { tables, policies }: Sources): Subject {
  const isSelected = tables.selectors.selectedBy(labels);
  // A policy applies to pods of its own namespace alone.
  const applying = policies.filter(({ name, podSelector }) => name.namespace === namespace && isSelected[podSelector]);
  const isolating = (direction: Direction): readonly CompiledPolicy[] =>
    applying.filter(({ peers }) => peers[direction] !== undefined);
  return {
    namespace,
    isSelected,
    isNamespaceSelected: tables.selectors.selectedBy(ofNamespace),
    policies: { ingress: isolating("ingress"), egress: isolating("egress") },
  };
}

// Without the labels of its namespace nothing true can be said of a pod.
function namespaceLabels(pod: Pod, namespaces: ReadonlyMap<string, Labels>): Labels {
  const labels = namespaces.get(pod.namespace);
  if (labels === undefined) {
    throw new Error(`Cannot judge pod "${pod.namespace}/${pod.name}": its namespace is not in the cluster's state`);
  }
  return labels;
}

function namedPortsOf(pod: Pod, { tables, reading }: Sources): ReadonlyMap<string, PortsByProtocol> {
  const named = new Map<string, PortsByProtocol>();
  for (const { name, protocol, port } of pod.ports) {
    if (name === undefined) continue;
    const key = portNameKey(protocol, name);
    const ports = tables.ports(protocol, [port, port]);
    named.set(key, unite([named.get(key) ?? ports, ports]));
  }
  return new Map([...named].map(([key, ports]) => [key, reading.named(ports)]));
}

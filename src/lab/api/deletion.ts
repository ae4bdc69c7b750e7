import type { KubeObject } from "../contracts.ts";
import { apiTime, type LabStore } from "../store.ts";
import { at, numberAt, recordAt } from "./fields.ts";
import { resourceOfKind } from "./resources.ts";

/**
 * Begins to delete an object, in the way of its kind, and returns it as it is then. A deletion that has begun is not
 * begun again, but a shorter grace period counts.
 */
export function beginDeletion(store: LabStore, object: KubeObject, graceSeconds?: number): KubeObject {
  const { namespace, name } = object.metadata;
  switch (resourceOfKind(object.kind)?.onDelete ?? "removed") {
    case "removed":
      return store.remove(object.kind, namespace, name) ?? object;
    case "emptied":
      return store.update(object.kind, namespace, name, (old) => terminating(old, store)) ?? object;
    case "stopped":
      return stop(store, object, graceSeconds);
  }
}

function terminating(object: KubeObject, store: LabStore): object {
  if (object.metadata.deletionTimestamp !== undefined) return object;
  return {
    ...object,
    metadata: { ...object.metadata, deletionTimestamp: apiTime(store.now()) },
    status: { ...recordAt(object, "status"), phase: "Terminating" },
  };
}

/** Marks a pod for the kubelet of its node. A pod without a node has no kubelet, and goes at once. */
function stop(store: LabStore, pod: KubeObject, graceSeconds?: number): KubeObject {
  const { namespace, name } = pod.metadata;
  const hasNode = Boolean(at(pod, "spec.nodeName"));
  const isOver = ["Succeeded", "Failed"].includes(String(at(pod, "status.phase")));
  const asked = graceSeconds ?? numberAt(pod, "spec.terminationGracePeriodSeconds") ?? 30;
  const grace = hasNode && !isOver ? asked : 0;
  const marked = store.update("Pod", namespace, name, (old) => withGrace(old, grace, store)) ?? pod;
  if (!hasNode) store.remove("Pod", namespace, name);
  return marked;
}

function withGrace(pod: KubeObject, graceSeconds: number, store: LabStore): object {
  const { deletionGracePeriodSeconds: before = Number.POSITIVE_INFINITY, generation } = pod.metadata;
  if (graceSeconds >= before) return pod;
  const isFirst = before === Number.POSITIVE_INFINITY;
  const deletionTimestamp = apiTime(new Date(store.now().getTime() + graceSeconds * 1000));
  const counted = isFirst && typeof generation === "number" && { generation: generation + 1 };
  const mark = { deletionTimestamp, deletionGracePeriodSeconds: graceSeconds };
  return { ...pod, metadata: { ...pod.metadata, ...counted, ...mark } };
}

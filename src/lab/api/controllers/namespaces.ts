import type { LabStore } from "../../store.ts";
import { beginDeletion } from "../deletion.ts";
import { at } from "../fields.ts";

/**
 * Gives each new namespace its `default` service account, and takes terminating ones away: their content first, and
 * themselves once the last object in them is gone. Returns the way to stop it.
 */
export function tendNamespaces(store: LabStore): () => void {
  const due = new Set<string>();
  let timer: NodeJS.Immediate | undefined;

  function empty(namespace: string): void {
    if (store.get("Namespace", undefined, namespace)?.metadata.deletionTimestamp === undefined) return;
    const content = store.kinds.flatMap((kind) => store.list(kind, namespace));
    for (const object of content) if (object.metadata.deletionTimestamp === undefined) beginDeletion(store, object);
    if (store.kinds.every((kind) => store.list(kind, namespace).length === 0)) {
      store.remove("Namespace", undefined, namespace);
    }
  }

  // Later than the change, so that the deletion is answered first, and once for many changes.
  function emptySoon(namespace: string): void {
    due.add(namespace);
    timer ??= setImmediate(() => {
      timer = undefined;
      const namespaces = [...due];
      due.clear();
      for (const name of namespaces) empty(name);
    });
  }

  for (const { metadata } of store.list("Namespace")) addDefaultAccount(store, metadata.name);
  const stop = store.onAnyChange(({ type, object }) => {
    const { name, namespace, deletionTimestamp } = object.metadata;
    if (object.kind === "Namespace" && type === "ADDED") addDefaultAccount(store, name);
    if (object.kind === "Namespace" && type === "MODIFIED" && deletionTimestamp !== undefined) emptySoon(name);
    if (type === "DELETED" && namespace !== undefined && isTerminating(store, namespace)) emptySoon(namespace);
  });
  return () => {
    stop();
    clearImmediate(timer);
  };
}

function addDefaultAccount(store: LabStore, namespace: string): void {
  store.create({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace } });
}

function isTerminating(store: LabStore, namespace: string): boolean {
  return at(store.get("Namespace", undefined, namespace), "metadata.deletionTimestamp") !== undefined;
}

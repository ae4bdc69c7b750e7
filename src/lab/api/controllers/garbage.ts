import type { KubeObject } from "../../contracts.ts";
import type { LabStore } from "../../store.ts";
import { beginDeletion } from "../deletion.ts";

/**
 * Deletes what names only owners that are gone, and strikes owners that are gone from what has others left: the
 * background cascade. Returns the way to stop it.
 */
export function collectGarbage(store: LabStore): () => void {
  const living = new Set(everything(store).map(({ metadata }) => metadata.uid));
  let timer: NodeJS.Immediate | undefined;

  function sweep(): void {
    timer = undefined;
    for (const object of everything(store)) judge(object);
  }

  function judge(object: KubeObject): void {
    const { ownerReferences: owners = [], namespace, name, deletionTimestamp } = object.metadata;
    const left = owners.filter(({ uid }) => living.has(uid));
    if (owners.length === 0 || left.length === owners.length) return;
    if (left.length === 0 && deletionTimestamp === undefined) beginDeletion(store, object);
    else if (left.length > 0) {
      store.update(object.kind, namespace, name, (old) => ({
        ...old,
        metadata: { ...old.metadata, ownerReferences: left },
      }));
    }
  }

  const stop = store.onAnyChange(({ type, object }) => {
    const { uid, ownerReferences = [] } = object.metadata;
    if (type === "DELETED") living.delete(uid);
    else living.add(uid);
    // One sweep serves all deletions of a turn.
    if (type === "DELETED" || ownerReferences.some((owner) => !living.has(owner.uid))) timer ??= setImmediate(sweep);
  });
  return () => {
    stop();
    clearImmediate(timer);
  };
}

function everything(store: LabStore): readonly KubeObject[] {
  return store.kinds.flatMap((kind) => store.list(kind));
}

import type { KubeObject } from "../contracts.ts";
import type { Draft, LabStore } from "../store.ts";
import { sameJson } from "../store-json.ts";
import { isManaged, planSlices } from "./endpoint-slices.ts";

export interface EndpointsController {
  /** Does at once what it would do a moment later. */
  flush(): void;
  stop(): void;
}

/** Keeps the EndpointSlices of Services up with their pods. */
export function tendEndpointSlices(store: LabStore): EndpointsController {
  let timer: NodeJS.Immediate | undefined;

  function reconcile(): void {
    clearImmediate(timer);
    timer = undefined;
    const wanted = planSlices(store.list("Service"), store.list("Pod"));
    const kept = new Set(wanted.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
    for (const { metadata } of store.list("EndpointSlice").filter(isManaged)) {
      if (!kept.has(`${metadata.namespace}/${metadata.name}`)) {
        store.remove("EndpointSlice", metadata.namespace, metadata.name);
      }
    }
    for (const slice of wanted) put(store, slice);
  }

  // Once for many changes.
  const soon = () => {
    timer ??= setImmediate(reconcile);
  };
  const stops = ["Service", "Pod", "EndpointSlice"].map((kind) =>
    store.onChange(kind, () => {
      if (store.list("Service").length + store.list("EndpointSlice").length > 0) soon();
    }),
  );
  return {
    flush() {
      if (timer !== undefined) reconcile();
    },
    stop() {
      for (const stop of stops) stop();
      clearImmediate(timer);
      timer = undefined;
    },
  };
}

function put(store: LabStore, slice: Draft): void {
  const { namespace, name } = slice.metadata;
  if (store.get("EndpointSlice", namespace, name) === undefined) {
    store.create({ ...slice, metadata: { ...slice.metadata, generation: 1 } });
    return;
  }
  store.update("EndpointSlice", namespace, name, (old) => successor(slice, old));
}

/** The store makes no change of what says the same. */
function successor(slice: Draft, old: KubeObject): object {
  const { generation } = old.metadata;
  const isSame = sameJson(contentOf(slice), contentOf(old));
  return { ...slice, metadata: { ...slice.metadata, generation: Number(generation) + (isSame ? 0 : 1) } };
}

function contentOf({ addressType, endpoints, ports }: Draft | KubeObject): object {
  return { addressType, endpoints, ports };
}

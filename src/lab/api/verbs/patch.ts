import type { KubeObject } from "../../contracts.ts";
import { isRecord } from "../../store-json.ts";
import { parseJson, readObject } from "../admission/read-object.ts";
import { applyPatch } from "../patches/apply.ts";
import { jsonPatch } from "../patches/json-patch.ts";
import { mergePatch } from "../patches/merge-patch.ts";
import { strategicMerge } from "../patches/strategic-merge.ts";
import { type ApiContext, type ApiRequest, isDryRun, type Reply, target } from "../request.ts";
import { schemaOfKind } from "../schemas/types.ts";
import { notFound, StatusError, unsupportedMediaType } from "../status.ts";
import { type PatchType, patchType } from "./content-type.ts";
import { createObject } from "./create.ts";
import { replaceObject } from "./update.ts";

export function patch(context: ApiContext, request: ApiRequest): Reply {
  const { resource, query } = request;
  const type = patchType(request.contentType);
  const wished = parseJson(request.body, (why) => `error decoding patch: ${why}`);
  const { namespace, name } = target(request);
  const old = context.store.get(resource.kind, namespace, name);
  if (type === "apply") return apply(context, request, old, wished);
  if (old === undefined) throw notFound({ ...resource, name });
  const read = readObject(patched(type, old, wished, request), resource, query.get("fieldValidation"));
  return replaceObject(context, request, old, read);
}

function patched(
  type: Exclude<PatchType, "apply">,
  old: KubeObject,
  wished: unknown,
  { resource, types }: ApiRequest,
): unknown {
  switch (type) {
    case "json":
      return jsonPatch(old, wished);
    case "merge":
      return mergePatch(old, wished);
    case "strategic": {
      const schema = types && schemaOfKind(resource, types)?.schema;
      if (types === undefined || schema === undefined) throw unsupportedMediaType();
      // Whatever the patch says, the type of the object stays what it is.
      return { ...strategicMerge(old, wished, schema, types), kind: old.kind, apiVersion: old.apiVersion };
    }
  }
}

function apply(context: ApiContext, request: ApiRequest, old: KubeObject | undefined, wished: unknown): Reply {
  const { resource, query, name = "" } = request;
  const manager = query.get("fieldManager") ?? "";
  if (manager === "") {
    const why = "fieldManager: Required value: is required for apply patch";
    throw new StatusError(422, "Invalid", `PatchOptions.meta.k8s.io "" is invalid: ${why}`);
  }
  const before = old && context.applied.get(old.metadata.uid, manager);
  const merged = applyPatch(old, withName(wished, name), before);
  const read = readObject(merged, resource, query.get("fieldValidation") ?? "Strict");
  const reply = old === undefined ? createObject(context, request, read) : replaceObject(context, request, old, read);
  const stored = context.store.get(resource.kind, request.namespace, name);
  if (stored !== undefined && !isDryRun(query)) context.applied.set(stored.metadata.uid, manager, wished);
  return reply;
}

/** An applied object may leave its name to the path. */
function withName(wished: unknown, name: string): unknown {
  if (!isRecord(wished)) return { metadata: { name } };
  const metadata = isRecord(wished.metadata) ? wished.metadata : {};
  return { ...wished, metadata: { name, ...metadata } };
}

import type { KubeObject } from "../../contracts.ts";
import type { Draft } from "../../store.ts";
import { sameJson } from "../../store-json.ts";
import { metadataFaults } from "../admission/object-meta.ts";
import { parseObject, type ReadObject, readObject } from "../admission/read-object.ts";
import { type ApiContext, type ApiRequest, isDryRun, json, type Reply, target } from "../request.ts";
import { badRequest, conflict, invalid, notFound } from "../status.ts";
import { requireJson } from "./content-type.ts";

export function update(context: ApiContext, request: ApiRequest): Reply {
  requireJson(request.contentType);
  const { resource, query } = request;
  const read = readObject(parseObject(request.body, resource), resource, query.get("fieldValidation"));
  const { namespace, name } = target(request);
  const old = context.store.get(resource.kind, namespace, name);
  if (old === undefined) throw notFound({ ...resource, name });
  return replaceObject(context, request, old, read);
}

/** The second half of every update and patch. */
export function replaceObject(
  context: ApiContext,
  request: ApiRequest,
  old: KubeObject,
  { draft, warnings }: ReadObject,
): Reply {
  const { resource, query } = request;
  requireSameObject(draft, old, request);
  const complete = resource.assign(resource.complete(successor(draft, old, request)), old, context);
  const faults = [
    ...metadataFaults(complete.metadata, resource.names),
    ...resource.validate(complete),
    ...resource.validateUpdate(complete, old),
  ];
  const { namespace, name } = old.metadata;
  if (faults.length > 0) throw invalid({ ...resource, name }, faults);
  if (isDryRun(query)) return json(200, complete, warnings);
  const stored = context.store.update(resource.kind, namespace, name, () => complete);
  return json(200, stored ?? complete, warnings);
}

function requireSameObject({ metadata }: Draft, old: KubeObject, { resource, name = "" }: ApiRequest): void {
  const { namespace, uid, resourceVersion } = old.metadata;
  if (metadata.name !== name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
  }
  if (metadata.namespace !== undefined && metadata.namespace !== namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  const subject = { ...resource, name };
  if (metadata.uid && metadata.uid !== uid) {
    throw conflict(subject, `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${uid}`);
  }
  // Without a version the last writer wins.
  if (metadata.resourceVersion && metadata.resourceVersion !== resourceVersion) {
    const advice = "please apply your changes to the latest version and try again";
    throw conflict(subject, `the object has been modified; ${advice}`);
  }
}

/** The client's wish, within what it may change: status and the rest each through its own path only. */
function successor(draft: Draft, old: KubeObject, { resource, subresource }: ApiRequest): Draft {
  const hasStatus = resource.subresources.some(({ name }) => name === "status");
  const { status, ...fields } = draft;
  const { status: oldStatus, ...oldFields } = old;
  const body = subresource === undefined ? fields : oldFields;
  const keptStatus = hasStatus && subresource === undefined ? oldStatus : status;
  const { selfLink, managedFields, generateName: _, ...wished } = draft.metadata;
  const { uid, creationTimestamp, resourceVersion, deletionTimestamp, deletionGracePeriodSeconds } = old.metadata;
  const { generation = 1, generateName } = old.metadata;
  const isChanged = subresource === undefined && !sameJson(fieldsOf(resource.complete(draft)), fieldsOf(old));
  return {
    ...body,
    apiVersion: old.apiVersion,
    kind: old.kind,
    ...(keptStatus !== undefined && { status: keptStatus }),
    metadata: {
      ...wished,
      name: old.metadata.name,
      uid,
      creationTimestamp,
      resourceVersion,
      ...(old.metadata.namespace !== undefined && { namespace: old.metadata.namespace }),
      ...(generateName !== undefined && { generateName }),
      ...(deletionTimestamp !== undefined && { deletionTimestamp, deletionGracePeriodSeconds }),
      ...(resource.hasGeneration && { generation: Number(generation) + (isChanged ? 1 : 0) }),
    },
  };
}

/** What `generation` counts the changes of. */
function fieldsOf(object: object): object {
  const { metadata: _, status: __, ...fields } = object as Partial<KubeObject>;
  return fields;
}

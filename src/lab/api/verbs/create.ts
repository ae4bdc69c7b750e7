import { randomBytes, randomUUID } from "node:crypto";
import { apiTime, type Draft, type LabStore } from "../../store.ts";
import { metadataFaults } from "../admission/object-meta.ts";
import { parseObject, type ReadObject, readObject } from "../admission/read-object.ts";
import { type ApiContext, type ApiRequest, isDryRun, json, type Reply } from "../request.ts";
import type { Resource } from "../resource.ts";
import { alreadyExists, badRequest, forbidden, invalid, notFound, StatusError } from "../status.ts";
import { requireJson } from "./content-type.ts";

export function create(context: ApiContext, request: ApiRequest): Reply {
  requireJson(request.contentType);
  const value = parseObject(request.body, request.resource);
  return createObject(context, request, readObject(value, request.resource, request.query.get("fieldValidation")));
}

/** The steps of a genuine server in its order: which of several faults is reported depends on it. */
export function createObject(context: ApiContext, request: ApiRequest, { draft, warnings }: ReadObject): Reply {
  const { store } = context;
  const { resource, query } = request;
  if (resource.answer !== undefined) return json(201, resource.answer(draft), warnings);
  const fresh = freshDraft(draft, request);
  const subject = { ...resource, name: fresh.metadata.name };
  requireNamespace(store, fresh, resource);
  const complete = resource.assign(resource.complete(fresh), undefined, context);
  const faults = [...metadataFaults(complete.metadata, resource.names), ...resource.validate(complete)];
  if (faults.length > 0) throw invalid(subject, faults);
  resource.admit(complete, store);
  if (store.get(resource.kind, fresh.metadata.namespace, fresh.metadata.name) !== undefined)
    throw alreadyExists(subject);
  return json(201, (isDryRun(query) ? unstored(complete, store) : store.create(complete)) ?? complete, warnings);
}

/** Without what only the server may say: identity, times, counters and status. */
function freshDraft(draft: Draft, { resource, namespace }: ApiRequest): Draft {
  const {
    uid: _,
    creationTimestamp,
    deletionTimestamp,
    deletionGracePeriodSeconds,
    selfLink,
    managedFields,
    ...given
  } = draft.metadata;
  const { resourceVersion, generation, generateName, namespace: stated, name, ...metadata } = given;
  // A genuine server has no better answer to this than an internal error.
  if (resourceVersion) throw new StatusError(500, "", "resourceVersion should not be set on objects to be created");
  if (namespace !== undefined && stated !== undefined && stated !== namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  const { status, ...fields } = draft;
  const mayHaveStatus = resource.subresources.every((subresource) => subresource.name !== "status");
  return {
    ...fields,
    ...(mayHaveStatus && status !== undefined && { status }),
    metadata: {
      name: name === "" && typeof generateName === "string" ? generated(generateName) : name,
      ...(generateName !== undefined && { generateName }),
      ...(namespace !== undefined && { namespace }),
      ...(resource.hasGeneration && { generation: 1 }),
      ...metadata,
    },
  };
}

const SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789";

function generated(prefix: string): string {
  const suffix = [...randomBytes(5)].map((byte) => SUFFIX_LETTERS[byte % SUFFIX_LETTERS.length]).join("");
  return prefix.slice(0, 58) + suffix;
}

function requireNamespace(store: LabStore, { metadata }: Draft, resource: Resource): void {
  const { namespace } = metadata;
  if (namespace === undefined) return;
  const found = store.get("Namespace", undefined, namespace);
  if (found === undefined) throw notFound({ group: "", plural: "namespaces", kind: "Namespace", name: namespace });
  if (found.metadata.deletionTimestamp === undefined) return;
  const message = `namespace ${namespace} is being terminated`;
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const subject = { ...resource, name: metadata.name };
  throw forbidden(subject, why, [{ reason: "NamespaceTerminating", message, field: "metadata.namespace" }]);
}

/** What a dry run answers: an object with an identity, but without a version. */
function unstored(draft: Draft, store: LabStore): object {
  const { name, namespace, ...metadata } = draft.metadata;
  const identity = { name, ...(namespace !== undefined && { namespace }), uid: randomUUID() };
  return { ...draft, metadata: { ...identity, creationTimestamp: apiTime(store.now()), ...metadata } };
}

import type { KubeObject } from "../../contracts.ts";
import type { LabStore } from "../../store.ts";
import { parseJson } from "../admission/read-object.ts";
import { beginDeletion } from "../deletion.ts";
import { at, numberAt, textAt } from "../fields.ts";
import { type ApiContext, type ApiRequest, isDryRun, json, type Reply, target } from "../request.ts";
import { conflict, deleted, notFound, type Subject } from "../status.ts";
import { requireJson } from "./content-type.ts";
import { list, readPage } from "./list.ts";

interface DeleteOptions {
  readonly graceSeconds?: number;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly isOrphaning: boolean;
  readonly isDryRun: boolean;
}

export function remove({ store }: ApiContext, request: ApiRequest): Reply {
  const { resource } = request;
  const options = readOptions(request);
  const { namespace, name } = target(request);
  const subject = { ...resource, name };
  const object = store.get(resource.kind, namespace, name);
  if (object === undefined) throw notFound(subject);
  requirePreconditions(object, options, subject);
  refuseRepeated(object, subject);
  const { uid } = object.metadata;
  const isReturned = resource.onDelete !== "removed" || resource.isReturnedWhenDeleted;
  if (options.isDryRun) return json(200, isReturned ? object : deleted(subject, uid));
  const result = carryOut(store, object, options);
  return json(200, isReturned ? result : deleted(subject, uid));
}

/** Answers with the collection as it was. */
export function removeCollection(context: ApiContext, request: ApiRequest): Reply {
  const options = readOptions(request);
  const reply = list(context, request);
  if (options.isDryRun) return reply;
  for (const object of readPage(context, request).items) carryOut(context.store, object, options);
  return reply;
}

function carryOut(store: LabStore, object: KubeObject, options: DeleteOptions): KubeObject {
  if (options.isOrphaning) orphanDependents(store, object.metadata.uid);
  return beginDeletion(store, object, options.graceSeconds);
}

/** Dependents lose their owner before it goes, so that they are not collected after it. */
function orphanDependents(store: LabStore, uid: string): void {
  for (const { kind, metadata } of store.kinds.flatMap((known) => store.list(known))) {
    if (!metadata.ownerReferences?.some((owner) => owner.uid === uid)) continue;
    store.update(kind, metadata.namespace, metadata.name, (old) => ({
      ...old,
      metadata: {
        ...old.metadata,
        ownerReferences: old.metadata.ownerReferences?.filter((owner) => owner.uid !== uid),
      },
    }));
  }
}

/** From the body, or from the query where there is none. */
function readOptions({ body, query, contentType }: ApiRequest): DeleteOptions {
  if (body !== "") requireJson(contentType);
  const given =
    body === ""
      ? Object.fromEntries(query)
      : parseJson(body, (why) => `couldn't get version/kind; json parse error: ${why}`);
  const grace = at(given, "gracePeriodSeconds");
  const graceSeconds =
    typeof grace === "string" && /^\d{1,6}$/.test(grace) ? Number(grace) : numberAt(given, "gracePeriodSeconds");
  const uid = textAt(given, "preconditions.uid");
  const resourceVersion = textAt(given, "preconditions.resourceVersion");
  const dryRun = at(given, "dryRun");
  return {
    ...(graceSeconds !== undefined && graceSeconds >= 0 && { graceSeconds }),
    ...(uid !== undefined && { uid }),
    ...(resourceVersion !== undefined && { resourceVersion }),
    isOrphaning: textAt(given, "propagationPolicy") === "Orphan",
    isDryRun: isDryRun(query) || (Array.isArray(dryRun) && dryRun.includes("All")),
  };
}

function requirePreconditions({ metadata }: KubeObject, wanted: DeleteOptions, subject: Subject): void {
  const { uid, resourceVersion } = metadata;
  if (wanted.uid !== undefined && wanted.uid !== uid) {
    throw conflict(subject, `Precondition failed: UID in precondition: ${wanted.uid}, UID in object meta: ${uid}`);
  }
  if (wanted.resourceVersion !== undefined && wanted.resourceVersion !== resourceVersion) {
    const found = `ResourceVersion in precondition: ${wanted.resourceVersion}, ResourceVersion in object meta: ${resourceVersion}`;
    throw conflict(subject, `Precondition failed: ${found}`);
  }
}

function refuseRepeated({ kind, metadata }: KubeObject, subject: Subject): void {
  if (kind !== "Namespace" || metadata.deletionTimestamp === undefined) return;
  const then = "Upon completion, this namespace will automatically be purged by the system.";
  throw conflict(subject, `The system is ensuring all content is removed from this namespace.  ${then}`);
}

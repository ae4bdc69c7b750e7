import type { KubeObject } from "../../contracts.ts";
import { type ApiContext, type ApiRequest, json, type Reply } from "../request.ts";
import { groupVersion } from "../resource.ts";
import { badRequest, expired, notFound, StatusError } from "../status.ts";
import { type ContinueToken, readToken, writeToken } from "./continue-token.ts";
import { selection } from "./select.ts";

interface Page {
  readonly items: readonly KubeObject[];
  readonly version: number;
  readonly continue?: string;
  readonly remaining?: number;
}

export function get({ store }: ApiContext, { resource, namespace, name }: ApiRequest): Reply {
  const object = store.get(resource.kind, namespace, name ?? "");
  if (object === undefined) throw notFound({ ...resource, name });
  return json(200, object);
}

export function list(context: ApiContext, request: ApiRequest): Reply {
  return json(200, listBody(readPage(context, request), request));
}

/** Items carry neither kind nor apiVersion: the list's own say it for all. */
function listBody({ items, version, ...page }: Page, { resource }: ApiRequest): object {
  return {
    kind: `${resource.kind}List`,
    apiVersion: groupVersion(resource),
    metadata: {
      resourceVersion: String(version),
      ...(page.continue !== undefined && { continue: page.continue }),
      ...(page.remaining !== undefined && { remainingItemCount: page.remaining }),
    },
    items: items.map(({ kind: _, apiVersion: __, ...item }) => item),
  };
}

/** The objects that a request for a collection means. */
export function readPage(context: ApiContext, request: ApiRequest): Page {
  const { matches, isWhole } = selection(request);
  const token = request.query.get("continue");
  const from = token ? readToken(token) : undefined;
  if (from !== undefined) refuseVersionWithToken(request.query);
  const { objects, version } = from === undefined ? stateAsked(context, request) : stateOf(context, request, from);
  const wanted = objects.filter(
    (object) => matches(object) && (from === undefined || keyOf(object, request) > from.start),
  );
  const limit = readCount(request.query, "limit");
  if (limit === 0 || wanted.length <= limit) return { items: wanted, version };
  const items = wanted.slice(0, limit);
  const last = items.at(-1);
  context.snapshots.keep(request.resource.kind, version, objects);
  return {
    items,
    version,
    continue: writeToken({ version, start: last === undefined ? "" : keyOf(last, request) }),
    // A genuine server does not count what a selector leaves out.
    ...(isWhole && { remaining: wanted.length - items.length }),
  };
}

interface State {
  readonly objects: readonly KubeObject[];
  readonly version: number;
}

function stateAsked({ store, snapshots }: ApiContext, { resource, query }: ApiRequest): State {
  const { version } = store;
  const asked = readVersion(query);
  if (asked > version) throw tooLarge(asked, version);
  if (query.get("resourceVersionMatch") === "Exact" && asked < version) {
    const objects = snapshots.find(resource.kind, asked);
    if (objects === undefined) throw expired("The resourceVersion for the provided list is too old.");
    return { objects, version: asked };
  }
  return { objects: store.list(resource.kind), version };
}

function stateOf({ store, snapshots }: ApiContext, { resource }: ApiRequest, token: ContinueToken): State {
  if (token.version === -1) return { objects: store.list(resource.kind), version: store.version };
  const objects = snapshots.find(resource.kind, token.version);
  if (objects !== undefined) return { objects, version: token.version };
  const message =
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without " +
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. " +
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or " +
    "deleted between the time the first chunk was returned and now may show up in the list.";
  throw expired(message, { continue: writeToken({ version: -1, start: token.start }) });
}

/** The key below the collection's own, in the order in which the store sorts. */
function keyOf({ metadata }: KubeObject, { resource, namespace }: ApiRequest): string {
  const isAcross = resource.namespaced && namespace === undefined;
  return isAcross ? `/${metadata.namespace}/${metadata.name}` : `/${metadata.name}`;
}

function refuseVersionWithToken(query: URLSearchParams): void {
  const version = query.get("resourceVersion") ?? "";
  if (version !== "" && version !== "0")
    throw badRequest("specifying resource version is not allowed when using continue");
}

/** 0 where none is given. */
export function readVersion(query: URLSearchParams): number {
  const text = query.get("resourceVersion") ?? "";
  if (!/^\d{0,15}$/.test(text))
    throw badRequest(
      `Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  return Number(text);
}

export function readCount(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? "";
  if (!/^\d{0,9}$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

function tooLarge(asked: number, version: number): StatusError {
  const message = `Timeout: Too large resource version: ${asked}, current: ${version}`;
  const cause = { reason: "ResourceVersionTooLarge", message: "Too large resource version" };
  return new StatusError(504, "Timeout", message, { causes: [cause], retryAfterSeconds: 1 });
}

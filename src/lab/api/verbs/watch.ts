import type { KubeObject } from "../../contracts.ts";
import type { StoredChange } from "../../store.ts";
import type { ApiContext, ApiRequest, Reply } from "../request.ts";
import { groupVersion, type Resource } from "../resource.ts";
import { expired } from "../status.ts";
import { asTable, wantsTable, withoutColumns } from "../tables/table.ts";
import { readCount, readVersion } from "./list.ts";
import { selection } from "./select.ts";
import type { WatchStream } from "./watches.ts";

const DEFAULT_SECONDS = 30 * 60;
const BOOKMARK_EVERY_MS = 60_000;

interface WatchOptions {
  readonly from: number;
  readonly seconds: number;
  readonly wantsBookmarks: boolean;
  /** The state comes first as ADDED events, then a bookmark that says that this was all of it. */
  readonly wantsInitialEvents: boolean;
}

type Matches = (object: KubeObject) => boolean;

/** What a watcher gets to see of an object. */
type Show = (object: object) => object;

export function watch(context: ApiContext, request: ApiRequest): Reply {
  const { matches } = selection(request);
  const { query } = request;
  const options: WatchOptions = {
    from: readVersion(query),
    seconds: readCount(query, "timeoutSeconds") || DEFAULT_SECONDS,
    wantsBookmarks: query.get("allowWatchBookmarks") === "true",
    wantsInitialEvents: query.get("sendInitialEvents") === "true",
  };
  context.watches.refuseTooMany();
  return {
    kind: "stream",
    start(http, response) {
      http.socket.setTimeout(0);
      response.writeHead(200, { "content-type": "application/json" });
      response.flushHeaders();
      serve(context, request.resource, context.watches.open(response, shower(context, request)), matches, options);
    },
  };
}

function shower({ store }: ApiContext, { resource, query, accept }: ApiRequest): Show {
  if (!wantsTable(accept)) return (object) => object;
  let isFirst = true;
  return (object) => {
    const table = asTable(object, { resource, included: query.get("includeObject"), now: store.now() });
    const shown = isFirst ? table : withoutColumns(table);
    isFirst = false;
    return shown;
  };
}

/** Nothing here waits, so that no change falls between what is sent at first and what is listened to. */
function serve(
  { store }: ApiContext,
  resource: Resource,
  stream: WatchStream,
  matches: Matches,
  options: WatchOptions,
): void {
  const { from, wantsInitialEvents } = options;
  const startsWithState = from === 0 || wantsInitialEvents;
  if (!startsWithState && from < store.oldestVersion) {
    stream.send("ERROR", expired(`too old resource version: ${from} (${store.oldestVersion})`).status);
    stream.end();
    return;
  }
  if (startsWithState) {
    for (const object of store.list(resource.kind)) if (matches(object)) stream.send("ADDED", object);
    if (wantsInitialEvents) stream.send("BOOKMARK", initialEventsEnd(resource, store.version));
  } else {
    for (const change of store.changesSince(resource.kind, from)) sendChange(stream, change, matches);
  }
  stream.onEnd(store.onChange(resource.kind, (change) => sendChange(stream, change, matches)));
  schedule(stream, options, () => stream.send("BOOKMARK", bookmark(resource, store.version)));
}

/** A genuine server marks the place every minute, and shortly before it ends the watch. */
function schedule(stream: WatchStream, { seconds, wantsBookmarks }: WatchOptions, mark: () => void): void {
  const end = setTimeout(() => {
    if (wantsBookmarks) mark();
    stream.end();
  }, seconds * 1000);
  stream.onEnd(() => clearTimeout(end));
  if (!wantsBookmarks) return;
  const marking = setInterval(mark, BOOKMARK_EVERY_MS);
  stream.onEnd(() => clearInterval(marking));
}

/** An object that comes into the selection is new to the watcher, one that leaves it is gone. */
function sendChange(stream: WatchStream, { object, previous, type, version }: StoredChange, matches: Matches): void {
  const isIn = type !== "DELETED" && matches(object);
  const wasIn = previous !== undefined && matches(previous);
  if (isIn) stream.send(wasIn ? "MODIFIED" : "ADDED", object);
  else if (wasIn) stream.send("DELETED", type === "DELETED" ? object : atVersion(previous, version));
}

function atVersion(object: KubeObject, version: number): object {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
}

function bookmark(resource: Resource, version: number, annotations?: object): object {
  const metadata = { resourceVersion: String(version), ...(annotations && { annotations }) };
  return { kind: resource.kind, apiVersion: groupVersion(resource), metadata, ...resource.empty };
}

function initialEventsEnd(resource: Resource, version: number): object {
  return bookmark(resource, version, { "k8s.io/initial-events-end": "true" });
}

import type { IncomingMessage, ServerResponse } from "node:http";
import { readBody } from "./body.ts";
import { discoveryDocument } from "./discovery.ts";
import type { Guard } from "./guard.ts";
import type { ExecSessions, Upgrade } from "./pods/exec.ts";
import { type ApiContext, type ApiRequest, json, type Reply } from "./request.ts";
import type { Resource } from "./resource.ts";
import { refuseUpgrade, respond, statusOf } from "./respond.ts";
import { parseRoute, pathSegments } from "./route.ts";
import { loadTypes } from "./schemas/types.ts";
import { noSuchPath } from "./status.ts";
import { asTable, wantsTable } from "./tables/table.ts";
import { isStrategic } from "./verbs/content-type.ts";
import { perform } from "./verbs/perform.ts";

/** Answers one request, whatever becomes of it. Never rejects. */
export async function answer(
  context: ApiContext,
  guard: Guard,
  http: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    guard(http);
    respond(http, response, await replyTo(context, http));
  } catch (error) {
    const status = statusOf(error);
    if (response.headersSent) response.destroy();
    else respond(http, response, json(status.code, status));
  }
}

const NO_BODY = { text: "", contentType: "" };
const HEALTH = ["readyz", "livez", "healthz"];

async function replyTo(context: ApiContext, http: IncomingMessage): Promise<Reply> {
  const { segments, query } = readUrl(http);
  if (http.method === "GET" && HEALTH.includes(segments.join("/"))) return { kind: "text", text: "ok" };
  const document = http.method === "GET" ? await discoveryDocument(segments, http.headers.host ?? "") : undefined;
  if (document !== undefined) return json(200, document);
  const route = parseRoute(http.method ?? "", segments, query);
  const { text: body, contentType } = http.method === "GET" ? NO_BODY : await readBody(http);
  const { accept = "" } = http.headers;
  // Nothing waits between a look at the store and its change, so what a patch needs to know is read before.
  const types = isStrategic(contentType) ? await loadTypes() : undefined;
  const reply = perform(context, { ...route, query, body, contentType, accept, ...(types && { types }) });
  return wantsTable(accept) ? tabulated(reply, context, route.resource, query) : reply;
}

function tabulated(reply: Reply, { store }: ApiContext, resource: Resource, query: URLSearchParams): Reply {
  if (reply.kind !== "json") return reply;
  return { ...reply, body: asTable(reply.body, { resource, included: query.get("includeObject"), now: store.now() }) };
}

/** Hands the socket of an exec request to its session, or refuses it. */
export function upgrade(
  context: ApiContext,
  guard: Guard,
  sessions: ExecSessions,
  { http, socket, head }: Upgrade,
): void {
  socket.on("error", () => socket.destroy());
  try {
    guard(http);
    const { segments, query } = readUrl(http);
    const route = parseRoute(http.method ?? "", segments, query);
    if (route.subresource?.name !== "exec") throw noSuchPath();
    const request: ApiRequest = { ...route, query, body: "", contentType: "", accept: "" };
    sessions.open(context, request, { http, socket, head });
  } catch (error) {
    refuseUpgrade(socket, error);
  }
}

function readUrl({ url = "" }: IncomingMessage): {
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
} {
  const [path = "", ...query] = url.split("?");
  if (!path.startsWith("/")) throw noSuchPath();
  return { segments: pathSegments(path), query: new URLSearchParams(query.join("?")) };
}

import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import type { Access } from "./access.ts";
import { ApiError, ApiUnreachable, noApi } from "./api-error.ts";
import { readStatus } from "./api-status.ts";
import { withRetries } from "./retry.ts";

/** Raw JSON of the Kubernetes API; never a typed model, which would drop `from`. */
export type Json = Readonly<Record<string, unknown>>;

export interface Call {
  readonly method?: "GET" | "POST" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: unknown;
  /** Of objects or lists, names, labels and annotations alone. */
  readonly metadataOnly?: boolean;
  /** For people, after "Cannot": `create pod "web" in namespace "shop"`. */
  readonly what: string;
}

/** A server that is there takes a connection in less, over any network. */
const CONNECT_MS = 5_000;
const TIMEOUT_MS = 30_000;
const METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/** Calls the API server over connections that are kept open. */
export class ApiClient {
  readonly access: Access;

  constructor(access: Access) {
    this.access = access;
  }

  /** The answer's JSON. Throws ApiError, ApiUnreachable, or what `signal` was aborted with. */
  async call(call: Call, signal: AbortSignal): Promise<Json> {
    if (call.method === "POST") return this.once(call, signal);
    return withRetries(() => this.once(call, signal), signal);
  }

  /** As `call`, without a second try where the first one failed on the way. */
  async once(call: Call, signal: AbortSignal): Promise<Json> {
    const { code, text, retryAfter } = await this.#answer(call, signal);
    if (code < 200 || code > 299) throw new ApiError(call.what, readStatus(code, text, retryAfter));
    const value = parseObject(text);
    if (value === undefined) throw noApi(call.what, this.access.server);
    return value;
  }

  /** The lines of an answer that goes on, such as a watch. */
  async *lines(call: Call, signal: AbortSignal): AsyncGenerator<string> {
    const response = await this.#send(call, signal);
    if (response.statusCode !== 200) {
      const { code, text, retryAfter } = await answerOf(response);
      throw new ApiError(call.what, readStatus(code, text, retryAfter));
    }
    response.setEncoding("utf8");
    let rest = "";
    for await (const chunk of this.#chunks(response, call, signal)) {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop() ?? "";
      yield* parts.filter((part) => part !== "");
    }
  }

  /** A stream that breaks off is an API server that cannot be reached. */
  async *#chunks(response: IncomingMessage, call: Call, signal: AbortSignal): AsyncGenerator<string> {
    try {
      yield* response as AsyncIterable<string>;
    } catch (cause) {
      signal.throwIfAborted();
      throw new ApiUnreachable(call.what, this.access.server, cause);
    }
  }

  close(): void {
    this.access.agent.destroy();
  }

  async #answer(call: Call, signal: AbortSignal): Promise<Answer> {
    const response = await this.#send(call, signal);
    if (response.statusCode === 401) this.access.renew();
    try {
      return await answerOf(response);
    } catch (cause) {
      signal.throwIfAborted();
      throw new ApiUnreachable(call.what, this.access.server, cause);
    }
  }

  async #send(call: Call, signal: AbortSignal): Promise<IncomingMessage> {
    signal.throwIfAborted();
    const options = await this.access.options();
    const url = requestUrl(this.access.server, call);
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const headers = {
      ...options.headers,
      Accept: call.metadataOnly ? `${METADATA_LIST}, application/json` : "application/json",
      "User-Agent": "netproof",
      ...(body === undefined ? {} : { "Content-Type": contentType(call), "Content-Length": Buffer.byteLength(body) }),
    };
    const send = url.protocol === "http:" ? httpRequest : httpsRequest;
    return new Promise((resolve, reject) => {
      const request = send(url, {
        ...options,
        agent: this.access.agent,
        method: call.method ?? "GET",
        headers,
        signal,
      });
      // Without a connection, such as while a proxy makes one, the request itself does not hear of it.
      const abort = (): void => reject(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      request.on("close", () => signal.removeEventListener("abort", abort));
      request.setTimeout(TIMEOUT_MS, () => request.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
      request.on("socket", limitConnecting);
      request.on("response", resolve);
      request.on("error", (cause) => {
        reject(signal.aborted ? signal.reason : new ApiUnreachable(call.what, this.access.server, cause));
      });
      request.end(body);
    });
  }
}

/** The kernel would go on trying for minutes where nothing answers at all. */
function limitConnecting(socket: Socket): void {
  if (!socket.connecting) return;
  const giveUp = (): void => void socket.destroy(new Error(`no connection within ${CONNECT_MS / 1000} s`));
  const timer = setTimeout(giveUp, CONNECT_MS);
  const stop = (): void => clearTimeout(timer);
  socket.once("connect", stop);
  socket.once("close", stop);
}

export function requestUrl(server: URL, { path, query = {} }: Pick<Call, "path" | "query">): URL {
  // A server behind a path prefix, such as a management proxy's, keeps it.
  const url = new URL(server.href.replace(/\/+$/, "") + path);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
  return url;
}

function parseObject(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}

function contentType({ method }: Call): string {
  return method === "PATCH" ? "application/merge-patch+json" : "application/json";
}

interface Answer {
  readonly code: number;
  readonly text: string;
  /** The header, if there is one. */
  readonly retryAfter: string | undefined;
}

/** The whole of an answer. Throws where it breaks off. */
export async function answerOf(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  return { code: response.statusCode ?? 0, text, retryAfter: response.headers["retry-after"] };
}

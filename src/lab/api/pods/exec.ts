import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { ApiContext, ApiRequest } from "../request.ts";
import { badRequest, StatusError, tooManyRequests } from "../status.ts";
import { findContainer, requireRunning } from "./container.ts";
import { type ExecProtocol, PROTOCOLS } from "./exec-frames.ts";
import { refuseSession, type Streams, serveSession } from "./exec-session.ts";

const MOST_SESSIONS = 1000;
const LARGEST_FRAME = 4 * 1024 * 1024;

export interface ExecSessions {
  /** Takes over the socket of an upgrade request. Throws the refusal where there is to be no session. */
  open(context: ApiContext, request: ApiRequest, upgrade: Upgrade): void;
  closeAll(): void;
}

export interface Upgrade {
  readonly http: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

export async function createExecSessions(): Promise<ExecSessions> {
  const { WebSocketServer } = await import("ws");
  const sockets = new Set<WebSocket>();
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: LARGEST_FRAME,
    skipUTF8Validation: true,
    handleProtocols: (offered) => chooseProtocol([...offered]) ?? false,
  });

  function open(context: ApiContext, request: ApiRequest, { http, socket, head }: Upgrade): void {
    const place = findContainer(context, request);
    const argv = request.query.getAll("command");
    const streams = readStreams(request.query);
    if (argv.length === 0) throw badRequest("you must specify at least one command for the container");
    requireRunning(place);
    const protocol = requireProtocol(http);
    if (sockets.size >= MOST_SESSIONS) throw tooManyRequests("Too many requests: too many open sessions");
    server.handleUpgrade(http, socket, head, (webSocket) => {
      sockets.add(webSocket);
      webSocket.once("close", () => sockets.delete(webSocket));
      try {
        void serveSession(webSocket, context.exec(place.pod, place.container, argv), protocol, streams);
      } catch (error) {
        // A callback that throws is a fault of the lab, which must not take the server with it.
        refuseSession(webSocket, error instanceof Error ? error.message : String(error));
      }
    });
  }

  function closeAll(): void {
    for (const socket of sockets) socket.terminate();
  }

  return { open, closeAll };
}

function readStreams(query: URLSearchParams): Streams {
  const isOn = (name: string): boolean => ["true", "1"].includes(query.get(name) ?? "");
  const streams = { stdin: isOn("stdin"), stdout: isOn("stdout"), stderr: isOn("stderr") };
  if (!Object.values(streams).includes(true)) throw badRequest("you must specify at least 1 of stdin, stdout, stderr");
  return streams;
}

function requireProtocol({ headers }: IncomingMessage): ExecProtocol {
  if (headers.upgrade?.toLowerCase() !== "websocket") throw badRequest("Upgrade request required");
  const offered = (headers["sec-websocket-protocol"] ?? "").split(",").map((one) => one.trim());
  const protocol = chooseProtocol(offered);
  if (protocol !== undefined) return protocol;
  const why = `client supports [${offered.join(" ")}], server accepts [${PROTOCOLS.join(" ")}]`;
  throw new StatusError(403, "Forbidden", `unable to upgrade: unable to negotiate protocol: ${why}`);
}

function chooseProtocol(offered: readonly string[]): ExecProtocol | undefined {
  return offered.flatMap((one) => PROTOCOLS.filter((known) => known === one)).at(0);
}

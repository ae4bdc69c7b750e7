import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Reply } from "./request.ts";
import { internalError, type Status, StatusError } from "./status.ts";

const NOT_CACHED = { "cache-control": "no-cache, private" };
/** Together; a genuine server also stops at 4 KiB. */
const MOST_WARNINGS = 4096;

export function respond(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  if (response.destroyed) return;
  for (const [name, value] of Object.entries(NOT_CACHED)) response.setHeader(name, value);
  switch (reply.kind) {
    case "json": {
      const warnings = warningHeaders(reply.warnings ?? []);
      if (warnings.length > 0) response.setHeader("warning", warnings);
      send(response, reply.code, "application/json", `${JSON.stringify(reply.body)}\n`);
      break;
    }
    case "text":
      send(response, 200, "text/plain; charset=utf-8", reply.text);
      break;
    case "stream":
      reply.start(request, response);
  }
}

function send(response: ServerResponse, code: number, type: string, text: string): void {
  // As bytes: together with a text Node would encode the header fields anew, and a warning's letters twice.
  const body = Buffer.from(text);
  response.writeHead(code, { "content-type": type, "content-length": body.length });
  response.end(body);
}

/** Header fields are bytes: what is not ASCII travels as the bytes of its UTF-8. */
function warningHeaders(warnings: readonly string[]): string[] {
  let size = 0;
  return warnings
    .map((warning) => `299 - ${JSON.stringify(warning)}`)
    .map((header) => Buffer.from(header).toString("latin1"))
    .filter((header) => {
      size += header.length;
      return size <= MOST_WARNINGS;
    });
}

/** What is no refusal is a fault of the lab; the client learns that much, and the connection lives on. */
export function statusOf(error: unknown): Status & { readonly code: number } {
  if (error instanceof StatusError) return error.status;
  return internalError(error instanceof Error ? error.message : String(error)).status;
}

/** Answers on a socket whose request was an upgrade, for which there is no response object. */
export function refuseUpgrade(socket: Duplex, error: unknown): void {
  const status = statusOf(error);
  const body = `${JSON.stringify(status)}\n`;
  const head = [
    `HTTP/1.1 ${status.code} ${status.reason ?? "Refused"}`,
    "cache-control: no-cache, private",
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

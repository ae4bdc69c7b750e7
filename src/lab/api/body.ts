import type { IncomingMessage } from "node:http";
import { decodeProtobuf, PROTOBUF } from "./schemas/protobuf.ts";
import { loadTypes } from "./schemas/types.ts";
import { badRequest, StatusError } from "./status.ts";
import { mediaType } from "./verbs/content-type.ts";

/** As a genuine server: 3 MiB. */
const LARGEST_BODY = 3 * 1024 * 1024;

export interface Body {
  readonly text: string;
  readonly contentType: string;
}

/** The whole body as text; protobuf becomes the JSON that says the same. Throws where it is neither. */
export async function readBody(request: IncomingMessage): Promise<Body> {
  const { "content-type": contentType = "" } = request.headers;
  const bytes = await readBytes(request);
  if (mediaType(contentType) !== PROTOBUF) return { text: textOf(bytes), contentType };
  return { text: JSON.stringify(decodeProtobuf(bytes, await loadTypes())), contentType: "application/json" };
}

/** Throws where it is too large; a client that is too slow is cut off elsewhere. */
async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Left undestroyed, so that the refusal still finds a connection; what else comes is thrown away by Node.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > LARGEST_BODY) throw tooLarge();
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw badRequest("the body of the request is not valid UTF-8");
  }
}

function tooLarge(): StatusError {
  return new StatusError(413, "RequestEntityTooLarge", `Request entity too large: limit is ${LARGEST_BODY}`);
}

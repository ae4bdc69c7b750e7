import type { IncomingMessage } from "node:http";
import { badRequest, StatusError } from "./status.ts";

/** As a genuine server: 3 MiB. */
const LARGEST_BODY = 3 * 1024 * 1024;

/** The whole body as text. Throws where it is too large or not UTF-8; a client that is too slow is cut off elsewhere. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Left undestroyed, so that the refusal still finds a connection; what else comes is thrown away by Node.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > LARGEST_BODY) throw tooLarge();
    chunks.push(bytes);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
  } catch {
    throw badRequest("the body of the request is not valid UTF-8");
  }
}

function tooLarge(): StatusError {
  return new StatusError(413, "RequestEntityTooLarge", `Request entity too large: limit is ${LARGEST_BODY}`);
}

import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { StatusError } from "./status.ts";

export type Guard = (request: IncomingMessage) => void;

/**
 * Lets in who holds the token and speaks to this very server. Host and Origin keep out a web page in the user's
 * browser that reaches loopback under a name of its own. Throws the refusal.
 */
export function createGuard(token: string, port: number): Guard {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  const origins = hosts.map((host) => `https://${host}`);
  const expected = digest(token);
  return ({ headers }) => {
    if (!hosts.includes(headers.host ?? "")) {
      throw new StatusError(421, "MisdirectedRequest", "the lab answers to its own address only");
    }
    if (headers.origin !== undefined && !origins.includes(headers.origin)) {
      throw new StatusError(403, "Forbidden", "requests from web pages are forbidden");
    }
    const given = /^Bearer ([^\s]+)$/i.exec(headers.authorization ?? "")?.[1] ?? "";
    // Digests have one length, so that the comparison tells nothing by its time.
    if (!timingSafeEqual(digest(given), expected)) throw new StatusError(401, "Unauthorized", "Unauthorized");
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

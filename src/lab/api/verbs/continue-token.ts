import { isRecord } from "../../store-json.ts";
import { badRequest } from "../status.ts";

/** Where a list goes on: after the object `start`, in the state of `version`; -1 is whatever the state is then. */
export interface ContinueToken {
  readonly version: number;
  readonly start: string;
}

/** The form of a genuine server's tokens: the last key sent, and a NUL to begin right behind it. */
export function writeToken({ version, start }: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: "meta.k8s.io/v1", rv: version, start: `${start}\0` })).toString("base64url");
}

export function readToken(text: string): ContinueToken {
  const decoded = Buffer.from(text, "base64url").toString("latin1");
  const token = parse(decoded);
  if (!isRecord(token) || token.v !== "meta.k8s.io/v1") {
    throw badRequest(
      "invalid continue token: continue key is not valid: server does not recognize this encoded version",
    );
  }
  const { rv, start } = token;
  if (typeof rv !== "number" || typeof start !== "string" || start === "") {
    throw badRequest("invalid continue token: continue key is not valid: encoded start key is missing");
  }
  return { version: rv, start: start.replace(/\0$/, "") };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const why =
      text === "" ? "unexpected end of JSON input" : `invalid character '${text[0]}' looking for beginning of value`;
    throw badRequest(`invalid continue token: continue key is not valid: ${why}`);
  }
}

import { UserError } from "../errors/index.ts";
import { refusalHint } from "./refusal-hint.ts";

/** What an API server says in place of an answer: `Status` of meta/v1. */
export interface ApiStatus {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  /** How long the server asks to wait, if it does. */
  readonly retryAfterMs?: number;
}

/** An answer of the API server that is not a success. */
export class ApiError extends UserError {
  readonly status: ApiStatus;

  constructor(what: string, status: ApiStatus) {
    const hint = refusalHint(what, status);
    super("API_REFUSED", `Cannot ${what}: the API server answered ${status.code}: ${status.message}`, {
      ...(hint === undefined ? {} : { hint }),
    });
    this.status = status;
  }
}

/** The API server could not be asked at all. */
export class ApiUnreachable extends UserError {
  /** Another try would fail just the same: a name that does not resolve, a certificate that does not fit. */
  readonly isLasting: boolean;

  constructor(what: string, server: URL, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super("API_UNREACHABLE", `Cannot ${what}: the API server at ${server.origin} does not answer: ${reason}`, {
      hint: "Check the server's address and your network with `kubectl get --raw /version`",
      cause,
    });
    this.isLasting = LASTING.test(codeOf(cause));
  }
}

const LASTING =
  /^(ENOTFOUND|CERT_|ERR_TLS|ERR_SSL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH|ERR_INVALID|EPROTO)/;

function codeOf(cause: unknown): string {
  const code = (cause as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

/** Reads a Status body; a body that is none becomes the message. */
export function readStatus(code: number, body: string, retryAfter?: string): ApiStatus {
  const seconds = Number(retryAfter);
  const wait = Number.isFinite(seconds) && seconds > 0 ? { retryAfterMs: seconds * 1000 } : {};
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === "object" && value !== null && "message" in value) {
      const { reason, message } = value as { reason?: unknown; message: unknown };
      return { code, reason: typeof reason === "string" ? reason : "", message: String(message), ...wait };
    }
  } catch {
    // A proxy in between answers in HTML or not at all.
  }
  return { code, reason: "", message: body.trim().slice(0, 500) || "(no message)", ...wait };
}

export function isStatus(error: unknown, code: number): boolean {
  return error instanceof ApiError && error.status.code === code;
}

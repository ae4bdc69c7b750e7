import { UserError } from "../errors/index.ts";

/** What an API server says in place of an answer: `Status` of meta/v1. */
export interface ApiStatus {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
}

/** An answer of the API server that is not a success. */
export class ApiError extends UserError {
  readonly status: ApiStatus;

  constructor(what: string, status: ApiStatus) {
    super("API_REFUSED", `Cannot ${what}: the API server answered ${status.code}: ${status.message}`, {
      ...hintFor(status),
    });
    this.status = status;
  }
}

/** The API server could not be asked at all. */
export class ApiUnreachable extends UserError {
  constructor(what: string, server: URL, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super("API_UNREACHABLE", `Cannot ${what}: the API server at ${server.origin} does not answer: ${reason}`, {
      hint: "Check the server's address and your network with `kubectl get --raw /version`",
      cause,
    });
  }
}

/** Reads a Status body; a body that is none becomes the message. */
export function readStatus(code: number, body: string): ApiStatus {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === "object" && value !== null && "message" in value) {
      const { reason, message } = value as { reason?: unknown; message: unknown };
      return { code, reason: typeof reason === "string" ? reason : "", message: String(message) };
    }
  } catch {
    // A proxy in between answers in HTML or not at all.
  }
  return { code, reason: "", message: body.trim().slice(0, 500) || "(no message)" };
}

export function isStatus(error: unknown, code: number): boolean {
  return error instanceof ApiError && error.status.code === code;
}

function hintFor({ code }: ApiStatus): { hint?: string } {
  if (code === 401) return { hint: "Your credentials are not accepted: log in again, or choose another --context" };
  if (code === 403) return { hint: "Grant this right to the user of the kubeconfig, or use another --context" };
  return {};
}

/** What an API server says in place of an answer: `Status` of meta/v1. */
export interface ApiStatus {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  /** How long the server asks to wait, if it does. */
  readonly retryAfterMs?: number;
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

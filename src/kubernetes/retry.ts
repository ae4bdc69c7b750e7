import { setTimeout as delay } from "node:timers/promises";
import { ApiError, ApiUnreachable } from "./api-error.ts";

const TRIES = 6;
const FIRST_MS = 100;
const LONGEST_MS = 5_000;

/**
 * Does a call again that the server put off (429) or that failed on the way (5xx, a reset), with growing pauses. Only for
 * calls that may be done twice. `attempt` counts from 0.
 */
export async function withRetries<T>(call: (attempt: number) => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await call(attempt);
    } catch (error) {
      signal.throwIfAborted();
      const pauseMs = pauseAfter(error, attempt);
      if (pauseMs === undefined || attempt + 1 >= TRIES) throw error;
      await delay(pauseMs, undefined, { signal });
    }
  }
}

/** How long to wait before the next try; undefined where another try would fail just the same. */
export function pauseAfter(error: unknown, attempt: number): number | undefined {
  const backOff = Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt) * (0.5 + Math.random() / 2);
  if (error instanceof ApiUnreachable) return error.isLasting ? undefined : backOff;
  if (!(error instanceof ApiError)) return undefined;
  const { code, retryAfterMs } = error.status;
  if (code === 429 || code === 500 || code === 502 || code === 503 || code === 504) {
    return Math.min(LONGEST_MS * 2, Math.max(backOff, retryAfterMs ?? 0));
  }
  return undefined;
}

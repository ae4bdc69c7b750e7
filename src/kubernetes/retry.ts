import { setTimeout as delay } from "node:timers/promises";
import { ApiError, ApiUnreachable } from "./api-error.ts";

const TRIES = 6;
const FIRST_MS = 100;
const LONGEST_MS = 5_000;
/** A server asks for longer pauses than we would make; in reason. */
const LONGEST_ASKED_MS = 10_000;
/** A server that has not been reached for so long is given up, after two tries at least. */
const UNREACHABLE_MS = 12_000;

/** The clock, the dice and the pause between tries. */
export interface Pacing {
  /** Milliseconds from any beginning. */
  readonly now: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

const REAL_PACING: Pacing = {
  now: () => performance.now(),
  random: Math.random,
  sleep: (ms, signal) => delay(ms, undefined, { signal }),
};

/**
 * Does a call again that the server put off (429) or that failed on the way (5xx, a reset), with growing pauses; after a
 * 401 once, with new credentials. Only for calls that may be done twice. `attempt` counts from 0.
 */
export async function withRetries<T>(
  call: (attempt: number) => Promise<T>,
  signal: AbortSignal,
  pacing: Pacing = REAL_PACING,
): Promise<T> {
  const began = pacing.now();
  for (let attempt = 0; ; attempt++) {
    try {
      return await call(attempt);
    } catch (error) {
      signal.throwIfAborted();
      const pauseMs = pauseAfter(error, attempt, pacing.random);
      if (pauseMs === undefined || attempt + 1 >= TRIES) throw error;
      const isGivenUp = error instanceof ApiUnreachable && attempt > 0 && pacing.now() - began > UNREACHABLE_MS;
      if (isGivenUp) throw error;
      await pacing.sleep(pauseMs, signal).catch((interrupted) => {
        signal.throwIfAborted();
        throw interrupted;
      });
    }
  }
}

/** How long to wait before the next try; undefined where another try would fail just the same. */
export function pauseAfter(error: unknown, attempt: number, random = Math.random): number | undefined {
  const backOff = Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt) * (0.5 + random() / 2);
  if (error instanceof ApiUnreachable) return error.isLasting ? undefined : backOff;
  if (!(error instanceof ApiError)) return undefined;
  const { code, retryAfterMs } = error.status;
  if (code === 401) return attempt === 0 ? 0 : undefined;
  if (code === 429 || code === 500 || code === 502 || code === 503 || code === 504) {
    return Math.max(backOff, Math.min(LONGEST_ASKED_MS, retryAfterMs ?? 0));
  }
  return undefined;
}

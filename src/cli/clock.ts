import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "../observation/index.ts";

/** The machine's clock, read so that it never goes back. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  sleep: (ms, signal) => delay(ms, undefined, { ...(signal ? { signal } : {}) }).catch(() => undefined),
};

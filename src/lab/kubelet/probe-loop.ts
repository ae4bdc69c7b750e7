import type { ProbeSpec } from "./pod-spec.ts";

interface Loop {
  readonly spec: ProbeSpec;
  /** Whether the port answered; undefined where that could not be found out, which counts for nothing. */
  probe(): Promise<boolean | undefined>;
  /** Called each time that successes or failures in a row reach their threshold; failures again at its multiples. */
  onVerdict(isGood: boolean): void;
  /** From 0 to 1. */
  random(): number;
}

/** A container needs a moment to open its ports; waiting a whole period for it would only make the lab slow. */
const EARLY_MS = [20, 40, 80, 160, 320];

/**
 * Probes at once, after a failure soon again, and from the first success on once in a period. Early failures count
 * towards the threshold only in the rhythm of the spec.
 */
export function startProbeLoop({ spec, probe, onVerdict, random }: Loop): { stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let early = 0;
  let streak = { isGood: true, length: 0 };

  const next = (waitMs: number) => {
    timer = setTimeout(() => void attempt(), waitMs);
    timer.unref();
  };

  async function attempt() {
    const isGood = await probe();
    if (isStopped) return;
    const soon = EARLY_MS[early];
    early += 1;
    if (isGood !== true && soon !== undefined) return next(soon);
    // Spread over the first period, so that pods that started together are not probed together ever after.
    const wait = early <= EARLY_MS.length ? spec.periodMs * (0.5 + random() / 2) : spec.periodMs;
    early = EARLY_MS.length;
    if (isGood !== undefined) count(isGood);
    if (!isStopped) next(wait);
  }

  function count(isGood: boolean) {
    streak = isGood === streak.isGood ? { isGood, length: streak.length + 1 } : { isGood, length: 1 };
    const needed = isGood ? spec.successThreshold : spec.failureThreshold;
    if (streak.length === needed || (!isGood && streak.length % needed === 0)) onVerdict(isGood);
  }

  next(spec.initialDelayMs);
  return {
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

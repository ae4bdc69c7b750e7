/** Time as data: the workflows pass the real one, tests pass their own. */
export interface Clock {
  /** Milliseconds since the Unix epoch, with decimals; never goes back. */
  now(): number;
  /** Ends after that time, or at once when `signal` aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** What `promise` gives, or undefined when `ms` pass first. */
export async function within<T>(clock: Clock, ms: number, promise: Promise<T>): Promise<T | undefined> {
  const done = new AbortController();
  try {
    return await Promise.race([promise, clock.sleep(ms, done.signal).then(() => undefined)]);
  } finally {
    done.abort();
  }
}

/** How long each step took, in milliseconds. */
export class Stopwatch {
  readonly startedAt: number;
  readonly laps: Record<string, number> = {};
  readonly #clock: Clock;
  #last: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.startedAt = clock.now();
    this.#last = this.startedAt;
  }

  lap(step: string): void {
    const now = this.#clock.now();
    this.laps[step] = Math.round(now - this.#last);
    this.#last = now;
  }
}

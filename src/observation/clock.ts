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

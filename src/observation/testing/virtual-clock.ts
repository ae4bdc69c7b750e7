import type { Clock } from "../clock.ts";

/** A clock that jumps from one sleeper to the next as soon as nothing else is left to do. */
export class VirtualClock implements Clock {
  #now = 1_000_000;
  readonly #sleepers = new Set<{ at: number; wake: () => void }>();
  #isTurning = false;

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) {
        resolve();
        return;
      }
      const wake = (): void => {
        signal?.removeEventListener("abort", wake);
        this.#sleepers.delete(sleeper);
        resolve();
      };
      const sleeper = { at: this.#now + ms, wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", wake);
      this.#turn();
    });
  }

  /** Advances when the event loop has come round twice: whatever could happen at this instant has happened. */
  #turn(): void {
    if (this.#isTurning) return;
    this.#isTurning = true;
    setImmediate(() =>
      setImmediate(() => {
        this.#isTurning = false;
        const [next] = [...this.#sleepers].sort((a, b) => a.at - b.at);
        if (next === undefined) return;
        this.#now = Math.max(this.#now, next.at);
        next.wake();
        this.#turn();
      }),
    );
  }
}

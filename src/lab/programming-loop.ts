import { setTimeout as sleep } from "node:timers/promises";
import type { Store } from "./contracts.ts";

/** `Cluster` is what the rules follow from. */
export interface Programming<Cluster> {
  /** What the rules do, for the message where they cannot be applied: `enforce policies`. */
  readonly purpose: string;
  readonly nodes: readonly string[];
  /** The script whose rules a new node has already: none of its own. */
  readonly initial?: string;
  /** Between a change and the rules that follow from it; each change takes this long, whatever comes before or after. */
  readonly delayMs: number;
  /** The cluster as it is now, in objects that do not change. */
  read(): Cluster;
  render(node: string, cluster: Cluster): string;
  apply(node: string, script: string): Promise<void>;
}

export interface Programmed extends AsyncDisposable {
  /**
   * Ends when the rules follow from all that the store held at the call. Rejects if rules could not be applied, now
   * and ever after, and once the programming has been stopped.
   */
  settled(): Promise<void>;
  /**
   * Ends with the reason once rules could not be applied; never otherwise. Old rules that nobody knows of would make
   * every observation worthless.
   */
  readonly failure: Promise<Error>;
}

/**
 * Keeps the rules of all nodes up with these kinds of the store until `signal` aborts or it is disposed of; the last
 * rules then stay. If rules cannot be applied it stops, `settled()` rejects, and `failure` says why.
 */
export function keepProgrammed<Cluster>(
  { store, kinds, ...programming }: Programming<Cluster> & Followed,
  signal: AbortSignal,
): Programmed {
  const loop = new ProgrammingLoop(programming);
  const watches = kinds.map((kind) => store.onChange(kind, () => loop.noteChange()));
  const stop = (reason: unknown) => {
    signal.removeEventListener("abort", abort);
    for (const unwatch of watches) unwatch();
    return loop.stop(reason);
  };
  const abort = () => void stop(signal.reason);
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  return {
    settled: () => loop.settled(),
    failure: loop.failure,
    [Symbol.asyncDispose]: () => stop(new Error(`Cannot ${programming.purpose}: the lab has been stopped`)),
  };
}

interface Followed {
  readonly store: Pick<Store, "onChange">;
  readonly kinds: readonly string[];
}

/** A burst of changes within this time makes one pass. Counted from its first, so that no stream of changes starves the rules. */
const BURST_MS = 2;

/** The cluster after so many changes, and when its rules are due. */
interface Pass<Cluster> {
  readonly changes: number;
  readonly dueAt: number;
  readonly cluster: Cluster;
}

interface Waiter {
  readonly changes: number;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** Turns changes into passes over all nodes, one pass at a time. Starts with a pass over what is already there. */
class ProgrammingLoop<Cluster> {
  readonly #programming: Programming<Cluster>;
  readonly #stopping = new AbortController();
  readonly #applied = new Map<string, string>();
  #passes: Pass<Cluster>[] = [];
  #waiters: Waiter[] = [];
  #changes = 0;
  #programmed = 0;
  #burst: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  /** Ends with the reason once a pass has failed; never otherwise. */
  readonly failure: Promise<Error>;
  #reportFailure: (error: Error) => void = () => {};

  constructor(programming: Programming<Cluster>) {
    this.failure = new Promise((resolve) => {
      this.#reportFailure = resolve;
    });
    this.#programming = programming;
    this.noteChange();
  }

  noteChange(): void {
    if (this.#stopping.signal.aborted) return;
    this.#changes += 1;
    this.#burst ??= setTimeout(() => this.#endBurst(), BURST_MS);
  }

  async settled(): Promise<void> {
    const { signal } = this.#stopping;
    signal.throwIfAborted();
    const changes = this.#changes;
    if (this.#programmed >= changes) return;
    await new Promise<void>((resolve, reject) => this.#waiters.push({ changes, resolve, reject }));
  }

  /** Ends when nothing is being applied any more. Whoever waits, now or later, gets `reason`. */
  async stop(reason: unknown): Promise<void> {
    clearTimeout(this.#burst);
    this.#passes = [];
    this.#stopping.abort(reason);
    for (const { reject } of this.#waiters.splice(0)) reject(this.#stopping.signal.reason);
    await this.#running;
  }

  #endBurst(): void {
    this.#burst = undefined;
    const { delayMs, read } = this.#programming;
    this.#passes.push({ changes: this.#changes, dueAt: performance.now() + delayMs, cluster: read() });
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    try {
      for (let pass = this.#passes.shift(); pass !== undefined; pass = this.#passes.shift()) {
        await sleepUntil(pass.dueAt, this.#stopping.signal);
        await this.#program(this.#newestDue() ?? pass);
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#running = undefined;
    }
  }

  /** What came due while an earlier pass was applied is made up for by the newest of it. */
  #newestDue(): Pass<Cluster> | undefined {
    const now = performance.now();
    const due = this.#passes.filter(({ dueAt }) => dueAt <= now);
    this.#passes.splice(0, due.length);
    return due.at(-1);
  }

  async #program({ cluster, changes }: Pass<Cluster>): Promise<void> {
    const { nodes } = this.#programming;
    const results = await Promise.allSettled(nodes.map((node) => this.#programNode(node, cluster)));
    for (const result of results) if (result.status === "rejected") throw result.reason;
    this.#programmed = changes;
    const isReached = (waiter: Waiter) => waiter.changes <= changes;
    for (const { resolve } of this.#waiters.filter(isReached)) resolve();
    this.#waiters = this.#waiters.filter((waiter) => !isReached(waiter));
  }

  async #programNode(node: string, cluster: Cluster): Promise<void> {
    const { purpose, initial, render, apply } = this.#programming;
    try {
      const script = render(node, cluster);
      if ((this.#applied.get(node) ?? initial) === script) return;
      await apply(node, script);
      this.#applied.set(node, script);
    } catch (cause) {
      throw new Error(`Cannot ${purpose} on "${node}": ${String(cause)}`, { cause });
    }
  }

  #fail(error: unknown): void {
    if (this.#stopping.signal.aborted) return; // the network may have gone first
    this.#reportFailure(error instanceof Error ? error : new Error(String(error)));
    void this.stop(error);
  }
}

async function sleepUntil(time: number, signal: AbortSignal): Promise<void> {
  const ms = time - performance.now();
  if (ms > 0) await sleep(ms, undefined, { signal });
}

import { setTimeout as sleep } from "node:timers/promises";
import type { KubeObject } from "./contracts.ts";

/** What rules follow from. */
export type Cluster = Readonly<Record<"pods" | "namespaces" | "policies", readonly KubeObject[]>>;

export interface Programming {
  readonly nodes: readonly string[];
  /** Between a change and the rules that follow from it; each change takes this long, whatever comes before or after. */
  readonly delayMs: number;
  /** The cluster as it is now, in objects that do not change. */
  read(): Cluster;
  render(node: string, cluster: Cluster): string;
  apply(node: string, script: string): Promise<void>;
}

/** A burst of changes within this time makes one pass. Counted from its first, so that no stream of changes starves the rules. */
const BURST_MS = 2;

/** The cluster after so many changes, and when its rules are due. */
interface Pass {
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
export class ProgrammingLoop {
  readonly #programming: Programming;
  readonly #stopping = new AbortController();
  readonly #applied = new Map<string, string>();
  #passes: Pass[] = [];
  #waiters: Waiter[] = [];
  #changes = 0;
  #programmed = 0;
  #burst: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  /** Ends with the reason once a pass has failed; never otherwise. */
  readonly failure: Promise<Error>;
  #reportFailure: (error: Error) => void = () => {};

  constructor(programming: Programming) {
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
  #newestDue(): Pass | undefined {
    const now = performance.now();
    const due = this.#passes.filter(({ dueAt }) => dueAt <= now);
    this.#passes.splice(0, due.length);
    return due.at(-1);
  }

  async #program({ cluster, changes }: Pass): Promise<void> {
    const { nodes } = this.#programming;
    const results = await Promise.allSettled(nodes.map((node) => this.#programNode(node, cluster)));
    for (const result of results) if (result.status === "rejected") throw result.reason;
    this.#programmed = changes;
    const isReached = (waiter: Waiter) => waiter.changes <= changes;
    for (const { resolve } of this.#waiters.filter(isReached)) resolve();
    this.#waiters = this.#waiters.filter((waiter) => !isReached(waiter));
  }

  async #programNode(node: string, cluster: Cluster): Promise<void> {
    try {
      const script = this.#programming.render(node, cluster);
      if (this.#applied.get(node) === script) return;
      await this.#programming.apply(node, script);
      this.#applied.set(node, script);
    } catch (cause) {
      throw new Error(`Cannot enforce policies on "${node}": ${String(cause)}`, { cause });
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

/**
 * Source ports that never repeat for one source and protocol within a run, whatever the destination: an old entry of
 * connection tracking, which would let a packet pass without a look at the policies, can then never be met again.
 */
export class SourcePorts {
  readonly #taken: ReadonlySet<number>;
  readonly #next = new Map<string, number>();

  /** `listeners`: ports on which any agent of the run listens; they are left out. */
  constructor(listeners: Iterable<number>) {
    this.#taken = new Set(listeners);
  }

  /** The next port, or undefined when the source has used up its range. */
  take(source: string, protocol: string): number | undefined {
    const key = `${source} ${protocol}`;
    for (let port = this.#next.get(key) ?? FIRST_PORT; port <= LAST_PORT; port++) {
      if (this.#taken.has(port)) continue;
      this.#next.set(key, port + 1);
      return port;
    }
    this.#next.set(key, LAST_PORT + 1);
    return undefined;
  }
}

/** Above the well-known ports, and above most that a policy would mention. */
const FIRST_PORT = 10_000;
const LAST_PORT = 65_535;

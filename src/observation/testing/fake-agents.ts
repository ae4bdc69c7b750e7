import type { Protocol } from "../../snapshot/index.ts";
import { Agent, type AgentChannel } from "../agent.ts";
import type { AgentOutcome, Command, ProbeCommand } from "../protocol.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** What the network does with one attempt at this moment. */
export interface Fate {
  readonly outcome: AgentOutcome;
  /** Who answers; the party that was asked if absent. */
  readonly by?: string;
  /** It comes this long after the time-out. */
  readonly lateMs?: number;
  /** The request arrived, whatever its sender saw. */
  readonly arrives?: boolean;
  readonly seenAs?: string;
  readonly errno?: string;
}

export interface Try extends Pick<ProbeCommand, "sourcePort" | "port"> {
  readonly source: string;
  readonly destination: string;
  readonly protocol: Protocol;
  /** Milliseconds on the virtual clock since the network was made. */
  readonly at: number;
}

const ANSWER_MS = 1;
const HEALTH_MS = 1000;

/** A network of agents in memory that speak the protocol; `rule` decides the fate of each attempt between two of them. */
export class FakeNetwork {
  readonly tries: Try[] = [];
  readonly agents = new Map<string, Agent>();
  rule: (attempt: Try) => Fate = () => ({ outcome: "answered" });
  /** Whether a pod answers itself on a port. */
  listens: (party: string, port: number) => boolean = () => true;
  /** Whether the kubelet's probe gets through to a pod. */
  isHealthy: (party: string, at: number) => boolean = () => true;
  readonly clock: VirtualClock;
  readonly #startedAt: number;
  readonly #receipts = new Map<string, Set<string>>();
  readonly #channels = new Map<string, FakeChannel>();

  constructor(clock: VirtualClock) {
    this.clock = clock;
    this.#startedAt = clock.now();
  }

  get elapsed(): number {
    return this.clock.now() - this.#startedAt;
  }

  async add(...parties: readonly string[]): Promise<void> {
    for (const party of parties) {
      const channel = new FakeChannel((command) => this.#obey(party, channel, command));
      this.#channels.set(party, channel);
      const options = { clock: this.clock, key: "00".repeat(32), deadlineMs: 600_000, heartbeatMs: 2000 };
      this.agents.set(party, await Agent.open(party, channel, options));
    }
  }

  /** Ends a party's session. */
  cut(party: string): void {
    this.#channels.get(party)?.end("its session broke: cut");
  }

  /** Writes a line as if the agent had. */
  say(party: string, line: Record<string, unknown>): void {
    this.#channels.get(party)?.write(line);
  }

  #obey(party: string, channel: FakeChannel, command: Command): void {
    const at = this.clock.now();
    switch (command.type) {
      case "open":
        channel.write({
          type: "hello",
          protocol: 1,
          version: "fake",
          ...identity(party),
          maxInFlight: 100,
          notListening: [],
          onLink: [],
          at,
        });
        return;
      case "ping":
        channel.write({ type: "pong", id: command.id, at });
        return;
      case "receipts": {
        const arrived = command.nonces
          .filter((nonce) => this.#receipts.get(party)?.has(nonce))
          .map((nonce) => ({ nonce }));
        const health: number[] = [];
        for (let time = at - HEALTH_MS; time <= at; time += HEALTH_MS / 2) {
          if (time >= command.healthSince && this.isHealthy(party, time - this.#startedAt)) health.push(time);
        }
        channel.write({ type: "receipts", id: command.id, arrived, health });
        return;
      }
      case "end-phase":
        channel.write({ type: "phase-ended", id: command.id });
        return;
      case "bye":
        channel.write({ type: "bye" });
        return;
      case "batch":
        void this.#batch(party, channel, command);
        return;
    }
  }

  async #batch(
    party: string,
    channel: FakeChannel,
    { batch, timeoutMs, probes }: Extract<Command, { type: "batch" }>,
  ): Promise<void> {
    await Promise.all(probes.map((probe) => this.#probe({ party, channel, probe, timeoutMs })));
    channel.write({ type: "batch-end", batch });
  }

  async #probe(order: { party: string; channel: FakeChannel; probe: ProbeCommand; timeoutMs: number }): Promise<void> {
    const { party, channel, probe, timeoutMs } = order;
    const { id, address: destination, protocol, port, sourcePort } = probe;
    const at = this.clock.now();
    const attempt = { source: party, destination, protocol, port, sourcePort, at: at - this.#startedAt };
    if (party !== destination) this.tries.push(attempt);
    const fate = party === destination ? this.#self(party, port) : this.rule(attempt);
    if (fate.arrives ?? fate.outcome === "answered") {
      const receipts = this.#receipts.get(destination) ?? new Set();
      this.#receipts.set(destination, receipts.add(probe.nonce));
    }
    const result = { type: "result", batch: 0, id, at, ...(fate.errno ? { errno: fate.errno } : {}) };
    const answer = {
      ...identity(fate.by ?? destination),
      seenAs: `${fate.seenAs ?? probe.sourceAddress}:${sourcePort}`,
    };
    const waits = fate.outcome === "timed-out" || fate.lateMs !== undefined;
    await this.clock.sleep(waits ? timeoutMs : ANSWER_MS);
    const outcome = fate.lateMs === undefined ? fate.outcome : "timed-out";
    channel.write({ ...result, outcome, ms: this.clock.now() - at, ...(outcome === "answered" ? answer : {}) });
    if (fate.lateMs !== undefined) {
      void this.clock.sleep(fate.lateMs).then(() => {
        const late = { ...result, outcome: fate.outcome, ms: this.clock.now() - at, late: true };
        channel.write({ ...late, ...(fate.outcome === "answered" ? answer : {}) });
      });
    }
  }

  #self(party: string, port: number): Fate {
    return this.listens(party, port) ? { outcome: "answered" } : { outcome: "refused" };
  }
}

function identity(party: string): { uid: string; instance: string } {
  return { uid: `uid-${party}`, instance: `instance-${party}` };
}

class FakeChannel implements AgentChannel {
  readonly #obey: (command: Command) => void;
  readonly #lines: string[] = [];
  #line = 0;
  #end: string | undefined;
  #wake: () => void = () => {};

  constructor(obey: (command: Command) => void) {
    this.#obey = obey;
  }

  async send(text: string): Promise<void> {
    if (this.#end === undefined) this.#obey(JSON.parse(text));
  }

  write(message: Record<string, unknown>): void {
    if (this.#end !== undefined) return;
    this.#line += 1;
    this.#lines.push(JSON.stringify({ line: this.#line, ...message }));
    this.#wake();
  }

  end(reason: string): void {
    this.#end ??= reason;
    this.#wake();
  }

  close(): void {
    this.end("closed");
  }

  get lines(): AsyncIterable<string> {
    return this.#read();
  }

  async *#read(): AsyncGenerator<string> {
    while (true) {
      const next = this.#lines.shift();
      if (next !== undefined) yield next;
      else if (this.#end !== undefined) throw new Error(this.#end);
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}

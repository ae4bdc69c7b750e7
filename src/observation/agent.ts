import { UserError } from "../errors/index.ts";
import type { PartyName } from "../plan/index.ts";
import type { Protocol } from "../snapshot/index.ts";
import { type Clock, within } from "./clock.ts";
import type { Identity } from "./model.ts";
import {
  type Command,
  decodeMessage,
  encodeCommand,
  type HelloMessage,
  type Message,
  PROTOCOL_VERSION,
  type ProbeCommand,
  ProtocolError,
  type ReceiptsMessage,
  type ResultMessage,
} from "./protocol.ts";

/** A stream of lines to and from an agent: one exec session, or a pipe. */
export interface AgentChannel {
  /** Ends when the text has been handed on, so that a slow reader slows the writer. */
  send(text: string): Promise<void>;
  /** Ends with the stream; throws an Error whose message says why it broke. */
  readonly lines: AsyncIterable<string>;
  close(): void;
}

export interface AgentOptions {
  readonly clock: Clock;
  /** The run's key, 64 hex digits. It travels on stdin only: pod specs can be read by many. */
  readonly key: string;
  /** After this the agent ends by itself. */
  readonly deadlineMs: number;
  readonly heartbeatMs: number;
}

/** A session that never opened. */
export class AgentUnavailable extends UserError {
  constructor(party: PartyName, reason: string) {
    super("AGENT_UNAVAILABLE", `Cannot talk to the probe agent of "${party}": ${reason}`, {
      hint: "Look at the pod with `kubectl describe pod` and `kubectl logs`, and try again",
    });
  }
}

/** An open session with the agent in one pod. It never throws once open: when the session breaks, `lost` says why. */
export class Agent implements AsyncDisposable {
  readonly party: PartyName;
  readonly identity: Identity;
  readonly version: string;
  readonly maxInFlight: number;
  readonly notListening: HelloMessage["notListening"];
  readonly onLink: HelloMessage["onLink"];
  /** Add this to a time of the agent to have it on the controller's clock. */
  clockShiftMs = 0;
  onResult: (result: ResultMessage) => void = () => {};
  readonly #wire: Wire;

  private constructor(party: PartyName, hello: HelloMessage, wire: Wire) {
    this.party = party;
    this.identity = { uid: hello.uid, instance: hello.instance };
    this.version = hello.version;
    this.maxInFlight = hello.maxInFlight;
    this.notListening = hello.notListening;
    this.onLink = hello.onLink;
    this.#wire = wire;
    wire.onResult = (result) => this.onResult(result);
  }

  /** Whether it listens on no port of the protocol, as where its kernel has none. */
  lacks(protocol: Protocol): boolean {
    return this.notListening.some((port) => port.protocol === protocol && port.error === "EPROTONOSUPPORT");
  }

  /** Opens the session on a fresh channel. Throws AgentUnavailable. */
  static async open(party: PartyName, channel: AgentChannel, options: AgentOptions): Promise<Agent> {
    const wire = new Wire(channel, options);
    const { key, deadlineMs, heartbeatMs } = options;
    const open = { type: "open", protocol: PROTOCOL_VERSION, key, deadlineMs, heartbeatMs } as const;
    const hello = await wire.ask("hello", open);
    if (hello?.type !== "hello") {
      channel.close();
      throw new AgentUnavailable(party, wire.lost ?? "it did not say hello");
    }
    const agent = new Agent(party, hello, wire);
    await agent.#compareClocks(options.clock);
    return agent;
  }

  /** Why the session ended, if it did. */
  get lost(): string | undefined {
    return this.#wire.lost;
  }

  /** Hands over a batch; ends when every probe in it has its result, or the session is lost. */
  async probe(probes: readonly ProbeCommand[], timeoutMs: number): Promise<void> {
    const batch = this.#wire.nextId();
    const turns = Math.ceil(probes.length / this.maxInFlight);
    const limitMs = turns * timeoutMs + REPLY_MS;
    await this.#wire.ask(`batch-end ${batch}`, { type: "batch", batch, timeoutMs, probes }, limitMs);
  }

  /** Which of `nonces` arrived at this pod, and the health probes since then (controller's clock). Undefined: lost. */
  async receipts(
    nonces: readonly string[],
    healthSince: number,
  ): Promise<Pick<ReceiptsMessage, "arrived" | "health"> | undefined> {
    const arrived: string[] = [];
    let health: readonly number[] = [];
    for (let from = 0; from === 0 || from < nonces.length; from += NONCES_PER_LINE) {
      const id = this.#wire.nextId();
      const part = nonces.slice(from, from + NONCES_PER_LINE);
      const since = healthSince - this.clockShiftMs;
      const answer = await this.#wire.ask(`receipts ${id}`, { type: "receipts", id, nonces: part, healthSince: since });
      if (answer?.type !== "receipts") return undefined;
      arrived.push(...answer.arrived);
      health = answer.health.map((at) => at + this.clockShiftMs);
    }
    return { arrived, health };
  }

  /** Gives up what still lingers: every late answer has been reported when this ends. */
  async endPhase(): Promise<void> {
    const id = this.#wire.nextId();
    await this.#wire.ask(`phase-ended ${id}`, { type: "end-phase", id });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.lost === undefined) await this.#wire.ask("bye", { type: "bye" }, BYE_MS);
    this.#wire.close();
  }

  /** The middle of the shortest exchange is the best guess at the difference of the clocks. */
  async #compareClocks(clock: Clock): Promise<void> {
    let shortest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < CLOCK_COMPARISONS; i++) {
      const id = this.#wire.nextId();
      const asked = clock.now();
      const pong = await this.#wire.ask(`pong ${id}`, { type: "ping", id });
      const took = clock.now() - asked;
      if (pong?.type !== "pong" || took >= shortest) continue;
      shortest = took;
      this.clockShiftMs = asked + took / 2 - pong.at;
    }
  }
}

/** A node may be busy with all the others. A session that is dead is known earlier, by its silence. */
const REPLY_MS = 30_000;
const BYE_MS = 500;
const CLOCK_COMPARISONS = 3;
/** The answer takes some 150 bytes for each: under the megabyte that a line may have. */
const NONCES_PER_LINE = 4000;

/** The stream itself: questions and their answers, signs of life, and the reason of its end. */
class Wire {
  lost: string | undefined;
  onResult: (result: ResultMessage) => void = () => {};
  readonly #channel: AgentChannel;
  readonly #options: AgentOptions;
  readonly #waiting = new Map<string, (message: Message | undefined) => void>();
  readonly #ended = new AbortController();
  #lastId = 0;
  #line = 0;
  #lastSignOfLife: number;

  constructor(channel: AgentChannel, options: AgentOptions) {
    this.#channel = channel;
    this.#options = options;
    this.#lastSignOfLife = options.clock.now();
    void this.#read();
    void this.#keepAlive();
  }

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** Sends a command and waits for the message under that name. Undefined: the session is lost, now at the latest. */
  async ask(name: string, command: Command, limitMs = REPLY_MS): Promise<Message | undefined> {
    if (this.lost !== undefined) return undefined;
    const answer = new Promise<Message | undefined>((resolve) => this.#waiting.set(name, resolve));
    this.#send(command);
    const message = await within(this.#options.clock, limitMs, answer);
    this.#waiting.delete(name);
    if (message === undefined) this.#lose(`no "${name.split(" ")[0]}" within ${Math.round(limitMs / 1000)} s`);
    return message;
  }

  close(): void {
    this.#lose("closed");
  }

  #send(command: Command): void {
    this.#channel.send(encodeCommand(command)).catch((error: unknown) => this.#lose(reasonOf(error)));
  }

  async #read(): Promise<void> {
    try {
      for await (const text of this.#channel.lines) {
        this.#line += 1;
        this.#lastSignOfLife = this.#options.clock.now();
        this.#take(decodeMessage(text, this.#line));
      }
      this.#lose("its session ended");
    } catch (error) {
      this.#lose(error instanceof ProtocolError ? `it wrote ${error.message}` : reasonOf(error));
    }
  }

  #take(message: Message): void {
    switch (message.type) {
      case "result":
        this.onResult(message);
        return;
      case "error":
        this.#lose(`it said: ${message.message}`);
        return;
      case "heartbeat":
        return;
      case "hello":
      case "bye":
        this.#waiting.get(message.type)?.(message);
        return;
      case "pong":
      case "receipts":
      case "phase-ended":
        this.#waiting.get(`${message.type} ${message.id}`)?.(message);
        return;
      case "batch-end":
        this.#waiting.get(`batch-end ${message.batch}`)?.(message);
        return;
    }
  }

  async #keepAlive(): Promise<void> {
    const { clock, heartbeatMs } = this.#options;
    while (this.lost === undefined) {
      await clock.sleep(heartbeatMs, this.#ended.signal);
      if (this.lost !== undefined) return;
      if (clock.now() - this.#lastSignOfLife > 3 * heartbeatMs) this.#lose(`silent for ${(3 * heartbeatMs) / 1000} s`);
      else this.#send({ type: "ping", id: 0 });
    }
  }

  #lose(reason: string): void {
    if (this.lost !== undefined) return;
    this.lost = reason;
    this.#ended.abort();
    this.#channel.close();
    for (const resolve of this.#waiting.values()) resolve(undefined);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

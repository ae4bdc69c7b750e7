import { createHmac } from "node:crypto";
import type { PartyName, Probe } from "../plan/index.ts";
import type { Agent } from "./agent.ts";
import { type Attempt, type Identity, listenersOf, type Outcome } from "./model.ts";
import type { AgentOutcome, ProbeCommand, ResultMessage } from "./protocol.ts";
import type { SourcePorts } from "./source-ports.ts";

/** An attempt that is to be made, with the record that its result will be written into. */
export interface Order {
  readonly probe: Probe;
  readonly attempt: Attempt;
}

interface Sent extends Order {
  readonly nonce: string;
  readonly party: PartyName;
}

/**
 * Sends attempts and takes their results, late ones too. One for the whole run: attempt numbers, nonces and source
 * ports never repeat across phases.
 */
export class Attempts {
  readonly #agents: ReadonlyMap<PartyName, Agent>;
  readonly #ports: SourcePorts;
  readonly #key: Buffer;
  readonly #parties: ReadonlyMap<string, PartyName>;
  readonly #sent = new Map<number, Sent>();
  #last = 0;
  /** Called when an answer comes after its time-out. */
  onLate: (probe: Probe) => void = () => {};

  /** `key`: the run's key, 64 hex digits. */
  constructor(agents: ReadonlyMap<PartyName, Agent>, ports: SourcePorts, key: string) {
    this.#agents = agents;
    this.#ports = ports;
    this.#key = Buffer.from(key, "hex");
    this.#parties = new Map([...agents].map(([party, agent]) => [identityKey(agent.identity), party]));
    for (const agent of agents.values()) agent.onResult = (result) => this.#take(agent, result);
  }

  /** Makes all of these attempts at once, and ends when each has its outcome. */
  async make(orders: readonly Order[], timeoutMs: number): Promise<void> {
    await Promise.all([...groupBySource(orders)].map(([source, own]) => this.#makeFrom(source, own, timeoutMs)));
  }

  /** Every late answer and every arrival is in when this ends; afterwards no record of the phase changes. */
  async endPhase(orders: Iterable<Order>): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.endPhase()));
    await this.#markArrivals(orders);
    this.#sent.clear();
  }

  /** Asks the destinations which of this phase's attempts that got no answer arrived all the same. */
  async #markArrivals(orders: Iterable<Order>): Promise<void> {
    const wanted = new Set<Attempt>();
    for (const { attempt } of orders) if (!isAnswered(attempt.outcome)) wanted.add(attempt);
    const byDestination = new Map<PartyName, Sent[]>();
    for (const sent of this.#sent.values()) {
      if (!wanted.has(sent.attempt)) continue;
      for (const { destination } of listenersOf(sent.probe)) {
        const list = byDestination.get(destination) ?? [];
        byDestination.set(destination, list);
        list.push(sent);
      }
    }
    await Promise.all([...byDestination].map(([party, own]) => this.#markArrivalsAt(party, own)));
  }

  async #makeFrom(source: PartyName, orders: readonly Order[], timeoutMs: number): Promise<void> {
    const agent = this.#agents.get(source);
    const ids: number[] = [];
    const commands: ProbeCommand[] = [];
    for (const order of orders) {
      const command = this.#command(order);
      if (command === undefined) {
        fail(order.attempt, "the source has used up its source ports");
        continue;
      }
      ids.push(command.id);
      commands.push(command);
    }
    if (commands.length > 0) await agent?.probe(commands, timeoutMs);
    for (const id of ids) {
      const sent = this.#sent.get(id);
      if (sent?.attempt.outcome !== "pending") continue;
      fail(sent.attempt, `its result never came: ${agent ? (agent.lost ?? "the agent left it out") : "no agent"}`);
    }
  }

  #command({ probe, attempt }: Order): ProbeCommand | undefined {
    const sourcePort = this.#ports.take(probe.source, probe.protocol);
    if (sourcePort === undefined) return undefined;
    this.#last += 1;
    const id = this.#last;
    const nonce = createHmac("sha256", this.#key).update(`nonce ${id}`).digest("hex").slice(0, 32);
    this.#sent.set(id, { probe, attempt, nonce, party: probe.source });
    const { protocol, address, port, sourceAddress, handshake } = probe;
    return { id, protocol, address, port, sourcePort, sourceAddress, nonce, ...(handshake && { handshake }) };
  }

  #take(agent: Agent, result: ResultMessage): void {
    const sent = this.#sent.get(result.id);
    // An agent can speak of its own attempts only, and an outcome once known gives way to a late answer alone.
    if (sent === undefined || sent.party !== agent.party) return;
    const { attempt, probe } = sent;
    const isLate = result.late === true && attempt.outcome !== "pending";
    const isAnswer = result.outcome === (probe.handshake ? "handshake" : "answered");
    if (attempt.outcome !== "pending" && !(isLate && isAnswer)) return;
    attempt.at = result.at + agent.clockShiftMs;
    attempt.ms = result.ms;
    attempt.outcome = this.#outcome(result, probe, attempt);
    if (result.errno !== undefined) attempt.cause = result.errno;
    const seenAs = result.seenAs?.replace(/:\d+$/, "").replace(/[[\]]/g, "");
    if (seenAs !== undefined && seenAs !== probe.sourceAddress) attempt.seenAs = seenAs;
    if (isLate) {
      attempt.late = true;
      this.onLate(probe);
    }
  }

  #outcome(result: ResultMessage, probe: Probe, attempt: Attempt): Outcome {
    if (probe.handshake && result.outcome === "handshake") return "connected";
    if (result.outcome !== "answered") return OUTCOMES[result.outcome];
    const key = identityKey({ uid: result.uid ?? "", instance: result.instance ?? "" });
    const party = this.#parties.get(key);
    if (listenersOf(probe).some(({ destination }) => destination === party)) return "connected";
    attempt.answeredBy = party ?? `an unknown agent (pod ${result.uid || "without UID"})`;
    return "misdelivered";
  }

  async #markArrivalsAt(party: PartyName, sent: readonly Sent[]): Promise<void> {
    const receipts = await this.#agents.get(party)?.receipts(
      sent.map(({ nonce }) => nonce),
      0,
    );
    const arrived = new Set(receipts?.arrived);
    for (const { nonce, attempt } of sent) if (arrived.has(nonce)) attempt.arrivedAt = party;
  }
}

const OUTCOMES = {
  handshake: "handshake",
  refused: "refused",
  unreachable: "unreachable",
  "timed-out": "timed-out",
  failed: "failed",
} as const satisfies Record<Exclude<AgentOutcome, "answered">, Outcome>;

function isAnswered(outcome: Outcome): boolean {
  return outcome === "connected" || outcome === "misdelivered";
}

function fail(attempt: Attempt, cause: string): void {
  attempt.outcome = "failed";
  attempt.cause = cause;
}

function identityKey({ uid, instance }: Identity): string {
  return `${uid} ${instance}`;
}

function groupBySource(orders: readonly Order[]): Map<PartyName, Order[]> {
  const groups = new Map<PartyName, Order[]>();
  for (const order of orders) {
    const group = groups.get(order.probe.source);
    if (group) group.push(order);
    else groups.set(order.probe.source, [order]);
  }
  return groups;
}

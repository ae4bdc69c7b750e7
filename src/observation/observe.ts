import type { PartyName, Probe } from "../plan/index.ts";
import type { Agent } from "./agent.ts";
import { Attempts, type Order } from "./attempts.ts";
import type { Clock } from "./clock.ts";
import { Controls } from "./controls.ts";
import type { Attempt, PhaseObservation, Round } from "./model.ts";
import type { SourcePorts } from "./source-ports.ts";
import { Trace, type Wanted } from "./trace.ts";

export interface Timing {
  /** An attempt without an answer for this long is blocked, unless the answer still comes before the phase ends. */
  readonly attemptTimeoutMs: number;
  /** After this the phase ends, stable or not. */
  readonly deadlineMs: number;
}

export interface Progress {
  readonly settled: number;
  readonly total: number;
  readonly rounds: number;
}

export interface PhaseWish {
  readonly wanted: readonly Wanted[];
  /**
   * `success`: one round that matches is enough (everything must connect: a path is shown to work).
   * `stability`: two rounds that match, at least a second apart.
   */
  readonly until: "success" | "stability";
  /** Ids of probes that show first whether policies have taken effect: the first round waits for them, not for long. */
  readonly heralds?: readonly string[];
  readonly onProgress?: (progress: Progress) => void;
}

/** Two rounds count as two only if they begin this far apart. */
const ROUND_GAP_MS = 1000;
const HERALD_LIMIT_MS = 1000;
const HERALD_TIMEOUT_MS = 30;
const PAUSES_MS = [50, 100, 200, 400, 500];

/** Watches connections, phase after phase, through agents that stay open. */
export class Observer {
  readonly #attempts: Attempts;
  readonly #controls: Controls;
  readonly #agents: ReadonlyMap<PartyName, Agent>;
  readonly #clock: Clock;
  readonly #timing: Timing;

  constructor(
    agents: ReadonlyMap<PartyName, Agent>,
    key: string,
    options: { clock: Clock; timing: Timing; ports: SourcePorts },
  ) {
    this.#agents = agents;
    this.#clock = options.clock;
    this.#timing = options.timing;
    this.#attempts = new Attempts(agents, options.ports, key);
    this.#controls = new Controls(agents, this.#attempts, options.timing.attemptTimeoutMs);
  }

  /** Tries every probe, round by round, until all are settled or the deadline has passed. Rejects only when `signal` aborts. */
  async observe(wish: PhaseWish, signal: AbortSignal): Promise<PhaseObservation> {
    const phase = new Phase(wish, this.#clock.now());
    this.#attempts.onLate = (probe) => phase.traces.get(probe.id)?.noteLate();
    await this.#awaitHeralds(phase, signal);
    const deadline = phase.startedAt + this.#timing.deadlineMs;
    let stumbles = 0;
    while (!phase.isOver()) {
      const began = this.#clock.now();
      const due = phase.due(began);
      if (due.length > 0) await this.#round(phase, due, began);
      signal.throwIfAborted();
      wish.onProgress?.(phase.progress());
      const now = this.#clock.now();
      if (phase.isOver() || (now >= deadline && !phase.mayGoOn(now - deadline))) break;
      stumbles = phase.isMatching() ? 0 : stumbles + 1;
      const pauseMs = PAUSES_MS[Math.min(stumbles, PAUSES_MS.length) - 1] ?? Number.POSITIVE_INFINITY;
      const next = Math.min(began + pauseMs, phase.confirmAt(), phase.nextFull());
      await this.#clock.sleep(Math.max(1, next - now), signal);
      signal.throwIfAborted();
    }
    await this.#attempts.endPhase(phase.orders());
    return phase.observation(this.#clock.now(), this.#agents);
  }

  /** One attempt after another of the heralds, until each is met with silence once: then the policies have begun to work. */
  async #awaitHeralds(phase: Phase, signal: AbortSignal): Promise<void> {
    const limit = phase.startedAt + HERALD_LIMIT_MS;
    let open = phase.heralds();
    while (open.length > 0 && this.#clock.now() < limit) {
      const orders = open.map((trace) => trace.order(0, this.#clock.now()));
      await this.#attempts.make(orders, HERALD_TIMEOUT_MS);
      signal.throwIfAborted();
      open = open.filter((_, index) => orders[index]?.attempt.outcome === "connected");
    }
  }

  async #round(phase: Phase, due: readonly Trace[], startedAt: number): Promise<void> {
    const index = phase.rounds.length + 1;
    const timeoutMs = this.#timing.attemptTimeoutMs;
    const orders = due.flatMap((trace) => trace.orders(index, startedAt));
    const blocked = due.filter((trace) => trace.wish !== "open").map((trace) => trace.probe);
    const [, listening] = await Promise.all([
      this.#attempts.make(orders, timeoutMs),
      this.#controls.listening(blocked),
    ]);
    // An open connection gets two more tries in the same round: a lost packet convicts nobody.
    for (let more = 0; more < 2; more++) {
      const retried = due.filter((trace) => trace.wish === "open" && trace.wantsRetry(index));
      if (retried.length === 0) break;
      const again = retried.flatMap((trace) => trace.orders(index, this.#clock.now()));
      const probes: Probe[] = more === 0 ? retried.map((trace) => trace.probe) : [];
      const [, found] = await Promise.all([this.#attempts.make(again, timeoutMs), this.#controls.listening(probes)]);
      for (const name of found) listening.add(name);
      orders.push(...again);
    }
    const alive = await this.#controls.alive(orders, startedAt);
    const round: Round = {
      index,
      startedAt,
      finishedAt: this.#clock.now(),
      alive: [...alive].sort(),
      listening: [...listening].sort(),
    };
    phase.take(round, due, this.#agents);
  }
}

/** The state of one phase while it lasts. */
class Phase {
  readonly startedAt: number;
  readonly traces: ReadonlyMap<string, Trace>;
  readonly rounds: Round[] = [];
  #firstFull: number | undefined;
  #lastFull = Number.NEGATIVE_INFINITY;
  readonly #wish: PhaseWish;

  constructor(wish: PhaseWish, now: number) {
    this.startedAt = now;
    this.#wish = wish;
    const gapMs = wish.until === "success" ? 0 : ROUND_GAP_MS;
    this.traces = new Map(wish.wanted.map((wanted) => [wanted.probe.id, new Trace(wanted, gapMs)]));
  }

  heralds(): Trace[] {
    return (this.#wish.heralds ?? []).flatMap((id) => this.traces.get(id) ?? []);
  }

  /** What the next round tries: about once a second everything, in between what does not match yet. */
  due(now: number): Trace[] {
    const live = this.#live();
    if (this.#wish.until === "success") return live.filter((trace) => !trace.isSettled);
    const isFull = this.confirmAt() <= now || this.#lastFull + ROUND_GAP_MS <= now;
    if (isFull) {
      this.#firstFull ??= now;
      this.#lastFull = now;
    }
    return isFull ? live : live.filter((trace) => !trace.matches);
  }

  /** When a row that matches is due for its second look; infinity if none is. */
  confirmAt(): number {
    return Math.min(...this.#live().flatMap((trace) => trace.confirmAt ?? []));
  }

  nextFull(): number {
    return this.#lastFull + ROUND_GAP_MS;
  }

  /**
   * Past the deadline: what matches already may have its second look, and where rounds take long, everything has two:
   * else nothing at all could be said.
   */
  mayGoOn(overdueMs: number): boolean {
    if (this.#wish.until === "success") return false;
    const isSeenTwice = this.#firstFull !== undefined && this.#lastFull - this.#firstFull >= ROUND_GAP_MS;
    return !isSeenTwice || (this.isMatching() && overdueMs < 2 * ROUND_GAP_MS);
  }

  isMatching(): boolean {
    return this.#live().every((trace) => trace.matches);
  }

  take(round: Round, due: readonly Trace[], agents: ReadonlyMap<PartyName, Agent>): void {
    this.rounds.push(round);
    const controls = { alive: new Set(round.alive), listening: new Set(round.listening) };
    for (const trace of due) trace.judge(round, controls);
    for (const trace of this.traces.values()) {
      const ends = [trace.probe.source, trace.probe.destination];
      if (ends.some((party) => agents.get(party)?.lost !== undefined)) trace.isHopeless = true;
    }
  }

  isOver(): boolean {
    return this.#live().every((trace) => trace.isSettled);
  }

  progress(): Progress {
    const settled = [...this.traces.values()].filter((trace) => trace.isSettled).length;
    return { settled, total: this.traces.size, rounds: this.rounds.length };
  }

  *orders(): Iterable<Order> {
    for (const trace of this.traces.values()) {
      for (const attempt of trace.attempts) yield { probe: trace.probe, attempt: attempt as Attempt };
    }
  }

  observation(finishedAt: number, agents: ReadonlyMap<PartyName, Agent>): PhaseObservation {
    const lost = [...agents].flatMap(([party, agent]) =>
      agent.lost === undefined ? [] : [[party, agent.lost] as const],
    );
    return {
      startedAt: this.startedAt,
      finishedAt,
      rounds: this.rounds,
      traces: [...this.traces.values()].map((trace) => trace.done()),
      lost: Object.fromEntries(lost),
    };
  }

  #live(): Trace[] {
    return [...this.traces.values()].filter((trace) => !trace.isHopeless);
  }
}

import type { PartyName, Probe } from "../plan/index.ts";
import type { Agent } from "./agent.ts";
import { Attempts } from "./attempts.ts";
import type { Clock } from "./clock.ts";
import { Controls } from "./controls.ts";
import type { PhaseObservation, Round } from "./model.ts";
import { Phase, type PhaseWish, ROUND_GAP_MS } from "./phase.ts";
import { ENTRY_LIFE_MS, inPortions } from "./portions.ts";
import type { SourcePorts } from "./source-ports.ts";
import type { Trace } from "./trace.ts";

export interface Timing {
  /** An attempt without an answer for this long is blocked, unless the answer still comes before the phase ends. */
  readonly attemptTimeoutMs: number;
  /** After this the phase ends, stable or not. */
  readonly deadlineMs: number;
  /** After this it ends if nothing at all that should be blocked was, not once. */
  readonly firstEffectMs: number;
}

/** What a portion has at least, however late it comes. */
const LEAST_PORTION_MS = 2 * ROUND_GAP_MS;
const HERALD_LIMIT_MS = 1000;
const HERALD_TIMEOUT_MS = 30;
const PAUSES_MS = [50, 100, 200, 400, 500];

/** Watches connections, phase after phase, through agents that stay open. */
export class Observer {
  readonly #attempts: Attempts;
  readonly #controls: Controls;
  readonly #agents: ReadonlyMap<PartyName, Agent>;
  readonly #nodes: ReadonlyMap<PartyName, string>;
  readonly #clock: Clock;
  readonly #timing: Timing;

  constructor(
    agents: ReadonlyMap<PartyName, Agent>,
    key: string,
    options: { clock: Clock; timing: Timing; ports: SourcePorts; nodes: ReadonlyMap<PartyName, string> },
  ) {
    this.#agents = agents;
    this.#nodes = options.nodes;
    this.#clock = options.clock;
    this.#timing = options.timing;
    this.#attempts = new Attempts(agents, options.ports, key);
    this.#controls = new Controls(agents, this.#attempts, options.timing.attemptTimeoutMs);
  }

  /**
   * Tries every probe, round by round, until all are settled or the deadline has passed; in portions, one after another,
   * where a node could not bear them all at once. Rejects only when `signal` aborts.
   */
  async observe(wish: PhaseWish, signal: AbortSignal): Promise<PhaseObservation> {
    const startedAt = this.#clock.now();
    const portions = inPortions(wish.wanted, new Set(wish.heralds), { agents: this.#agents, nodes: this.#nodes });
    const phases: Phase[] = [];
    this.#attempts.onLate = ({ id }) => {
      for (const { traces } of phases) traces.get(id)?.noteLate();
    };
    for (const wanted of portions) {
      const last = phases.at(-1);
      if (last !== undefined) await this.#clock.sleep(last.startedAt + ENTRY_LIFE_MS - this.#clock.now(), signal);
      signal.throwIfAborted();
      const rounds = phases.reduce((sum, phase) => sum + phase.rounds.length, 0);
      const phase = new Phase({ ...wish, wanted }, this.#clock.now(), rounds);
      phases.push(phase);
      await this.#watch(phase, startedAt, signal, () => {
        const settled = phases.reduce((sum, each) => sum + each.settled, 0);
        const counts = { portion: phases.length, portions: portions.length };
        wish.onProgress?.({ settled, total: wish.wanted.length, ...counts });
      });
    }
    await this.#attempts.endPhase(phases.flatMap((phase) => [...phase.orders()]));
    return {
      startedAt,
      finishedAt: this.#clock.now(),
      rounds: phases.flatMap(({ rounds }) => rounds),
      traces: phases.flatMap(({ traces }) => [...traces.values()].map((trace) => trace.done())),
      lost: this.#lost(),
    };
  }

  /** Round by round, until all of the phase is settled or the time that began at `since` is over. */
  async #watch(phase: Phase, since: number, signal: AbortSignal, onRound: () => void): Promise<void> {
    await this.#awaitHeralds(phase, signal);
    const { deadlineMs, firstEffectMs } = this.#timing;
    let stumbles = 0;
    while (!phase.isOver()) {
      const began = this.#clock.now();
      const due = phase.due(began);
      if (due.length > 0) await this.#round(phase, due, began);
      signal.throwIfAborted();
      onRound();
      const now = this.#clock.now();
      const limit = since + (phase.isWithoutEffect ? firstEffectMs : deadlineMs);
      const deadline = Math.max(limit, phase.startedAt + LEAST_PORTION_MS);
      if (phase.isOver() || (now >= deadline && !phase.mayGoOn(now - deadline))) break;
      stumbles = phase.isMatching() ? 0 : stumbles + 1;
      const pauseMs = PAUSES_MS[Math.min(stumbles, PAUSES_MS.length) - 1] ?? Number.POSITIVE_INFINITY;
      const next = Math.min(began + pauseMs, phase.confirmAt(), phase.nextFull());
      await this.#clock.sleep(Math.max(1, next - now), signal);
      signal.throwIfAborted();
    }
  }

  #lost(): Record<PartyName, string> {
    const lost = [...this.#agents].flatMap(([party, agent]) =>
      agent.lost === undefined ? [] : [[party, agent.lost] as const],
    );
    return Object.fromEntries(lost);
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
    const index = phase.nextRound;
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

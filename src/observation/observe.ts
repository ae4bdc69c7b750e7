import type { PartyName, Probe } from "../plan/index.ts";
import type { Agent } from "./agent.ts";
import { Attempts } from "./attempts.ts";
import type { Clock } from "./clock.ts";
import { Controls } from "./controls.ts";
import { listenerName, type PhaseObservation, type Round } from "./model.ts";
import { Phase, type PhaseWish } from "./phase.ts";
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
    const { firstEffectMs } = this.#timing;
    const usualMs = this.#timing.deadlineMs;
    const deadlineMs = usualMs * (wish.deadlines ?? 1);
    let stumbles = 0;
    while (!phase.isOver()) {
      const began = this.#clock.now();
      const due = phase.due(began);
      if (due.length > 0) await this.#round(phase, due, began);
      signal.throwIfAborted();
      wish.onProgress?.(phase.progress());
      const now = this.#clock.now();
      const deadline = phase.startedAt + (phase.isWithoutEffect ? firstEffectMs : deadlineMs);
      if (phase.isOver() || (now >= deadline && !phase.mayGoOn(now, usualMs))) break;
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
    // Nobody inside can look at a listener that is not ours: it was there if another connection was accepted.
    for (const { probe, attempt } of orders) {
      if (probe.handshake && attempt.outcome === "connected") listening.add(listenerName(probe));
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

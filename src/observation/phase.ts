import type { PartyName } from "../plan/index.ts";
import type { Agent } from "./agent.ts";
import type { Order } from "./attempts.ts";
import type { Attempt, PhaseObservation, Round } from "./model.ts";
import { Trace, type Wanted } from "./trace.ts";

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
  /** How many times the usual deadline to wait for it: once if absent. */
  readonly deadlines?: number;
  /** Ids of probes that show first whether policies have taken effect: the first round waits for them, not for long. */
  readonly heralds?: readonly string[];
  readonly onProgress?: (progress: Progress) => void;
}

/** Two rounds count as two only if they begin this far apart. */
const ROUND_GAP_MS = 1000;
/** A row that began to match so long ago is the last of them. */
const PROGRESS_MS = 3000;
/** Times the deadline: longer than this no cluster is waited for. */
export const SLOWEST = 3;

/** The state of one phase while it lasts. */
export class Phase {
  readonly startedAt: number;
  readonly traces: ReadonlyMap<string, Trace>;
  readonly rounds: Round[] = [];
  #firstFull: number | undefined;
  #lastFull = Number.NEGATIVE_INFINITY;
  readonly #wish: PhaseWish;
  #hasEffect = false;
  #progressAt = Number.NEGATIVE_INFINITY;

  constructor(wish: PhaseWish, now: number) {
    this.startedAt = now;
    this.#wish = wish;
    const gapMs = wish.until === "success" ? 0 : ROUND_GAP_MS;
    this.traces = new Map(wish.wanted.map((wanted) => [wanted.probe.id, new Trace(wanted, gapMs)]));
  }

  /** Something should be blocked, and not one attempt of all that was. */
  get isWithoutEffect(): boolean {
    return !this.#hasEffect && this.#live().some(({ wish }) => wish === "blocked");
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

  /** When everything is tried again, whatever was seen; never where one success is enough. */
  nextFull(): number {
    return this.#wish.until === "success" ? Number.POSITIVE_INFINITY : this.#lastFull + ROUND_GAP_MS;
  }

  /**
   * Past the deadline: while rows still come to match for the first time, the cluster is just slow; and where rounds take
   * long, everything is looked at twice: else nothing at all could be said.
   */
  mayGoOn(now: number, deadlineMs: number): boolean {
    const isSeenTwice =
      this.#wish.until === "success" ||
      (this.#firstFull !== undefined && this.#lastFull - this.#firstFull >= ROUND_GAP_MS);
    const isProgressing = now - this.#progressAt < PROGRESS_MS && now - this.startedAt < SLOWEST * deadlineMs;
    return !isSeenTwice || isProgressing;
  }

  isMatching(): boolean {
    return this.#live().every((trace) => trace.matches);
  }

  take(round: Round, due: readonly Trace[], agents: ReadonlyMap<PartyName, Agent>): void {
    this.rounds.push(round);
    const controls = { alive: new Set(round.alive), listening: new Set(round.listening) };
    const fresh = due.filter((trace) => !trace.hasMatched);
    for (const trace of due) trace.judge(round, controls);
    const first = fresh.filter((trace) => trace.hasMatched);
    if (first.length > 0) this.#progressAt = round.finishedAt;
    this.#restart(round, first);
    this.#hasEffect ||= due.some((trace) => trace.wish === "blocked" && !trace.connectedIn(round.index));
    for (const trace of this.traces.values()) {
      const ends = [trace.probe.source, trace.probe.destination];
      if (ends.some((party) => agents.get(party)?.lost !== undefined)) trace.isHopeless = true;
    }
  }

  /**
   * A row that is blocked for the first time shows that policies are still taking effect, one after another: what the
   * others have shown until now may be the work of some of them alone. All have to show it again from here.
   */
  #restart(round: Round, first: readonly Trace[]): void {
    if (!first.some(({ wish }) => wish === "blocked")) return;
    for (const trace of this.#live()) {
      if (trace.wish !== "either" && !first.includes(trace)) trace.restart(round);
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

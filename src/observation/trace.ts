import type { Listener, PartyName, Probe } from "../plan/index.ts";
import type { Order } from "./attempts.ts";
import {
  type Attempt,
  listenerName,
  listenersOf,
  type Outcome,
  type ProbeTrace,
  type Round,
  type Wish,
} from "./model.ts";

export interface Wanted {
  readonly probe: Probe;
  readonly wish: Wish;
}

interface RoundControls {
  readonly alive: ReadonlySet<PartyName>;
  readonly listening: ReadonlySet<string>;
}

/** What has been seen of one probe so far in a phase, and whether it is settled. */
export class Trace {
  readonly probe: Probe;
  readonly wish: Wish;
  readonly attempts: Attempt[] = [];
  /** An end of it has lost its agent: no further round can tell anything. */
  isHopeless = false;
  readonly #gapMs: number;
  #matchesSince: Round | undefined;
  #settledAt: number | undefined;
  #lastMatched = false;
  #hasMatched = false;
  #reopenedIn: number | undefined;

  constructor({ probe, wish }: Wanted, gapMs: number) {
    this.probe = probe;
    this.wish = wish;
    this.#gapMs = gapMs;
  }

  get isSettled(): boolean {
    return this.#settledAt !== undefined;
  }

  /** Its last round was as wished. */
  get matches(): boolean {
    return this.#lastMatched;
  }

  /** One of its rounds was as wished. */
  get hasMatched(): boolean {
    return this.#hasMatched;
  }

  /** From when on another round that matches would settle it. */
  get confirmAt(): number | undefined {
    return this.isSettled || !this.#lastMatched ? undefined : (this.#matchesSince?.startedAt ?? 0) + this.#gapMs;
  }

  order(round: number, at: number): Order {
    const attempt: Attempt = { round, at, outcome: "pending", ms: 0 };
    this.attempts.push(attempt);
    return { probe: this.probe, attempt };
  }

  /** A block is several attempts in each round; for an open connection one success is enough. */
  orders(round: number, at: number): Order[] {
    const count = this.wish === "blocked" ? BLOCKED_ATTEMPTS : 1;
    return Array.from({ length: count }, () => this.order(round, at));
  }

  wantsRetry(round: number): boolean {
    return !this.attempts.some((attempt) => attempt.round === round && attempt.outcome === "connected");
  }

  /** Every attempt of that round connected. */
  connectedIn(round: number): boolean {
    return this.attempts.every((attempt) => attempt.round !== round || attempt.outcome === "connected");
  }

  judge(round: Round, controls: RoundControls): void {
    const own = this.attempts.filter((attempt) => attempt.round === round.index);
    this.#lastMatched = this.#isMatch(own, controls);
    const isOpen = this.wish === "blocked" && own.some(({ outcome }) => outcome === "connected");
    if (isOpen && this.#matchesSince !== undefined && !this.isSettled) this.#reopenedIn = round.index;
    if (!this.#lastMatched) {
      // After the point of stability a change of mind is a finding, and takes nothing back.
      if (!this.isSettled) this.#matchesSince = undefined;
      return;
    }
    this.#hasMatched = true;
    this.#matchesSince ??= round;
    const wait = this.wish === "either" ? 0 : this.#gapMs;
    if (round.startedAt - this.#matchesSince.startedAt >= wait) this.#settledAt ??= round.finishedAt;
  }

  /** Policies had not taken effect before this round: what was seen until then settles nothing. */
  restart(round: Round): void {
    this.#lastMatched &&= this.attempts.some((attempt) => attempt.round === round.index);
    this.#matchesSince = this.#lastMatched ? round : undefined;
    this.#settledAt = undefined;
    this.#reopenedIn = undefined;
  }

  /** An answer came after its time-out: before stability the count begins again. */
  noteLate(): void {
    if (this.wish !== "blocked" || this.isSettled) return;
    this.#matchesSince = undefined;
    this.#lastMatched = false;
  }

  done(): ProbeTrace {
    return {
      probe: this.probe,
      wish: this.wish,
      attempts: this.attempts,
      ...(this.#matchesSince === undefined ? {} : { matchesFromRound: this.#matchesSince.index }),
      ...(this.#settledAt === undefined ? {} : { settledAt: this.#settledAt }),
      ...(this.#reopenedIn === undefined ? {} : { reopenedIn: this.#reopenedIn }),
    };
  }

  #isMatch(own: readonly Attempt[], controls: RoundControls): boolean {
    switch (this.wish) {
      case "open":
        return own.some((attempt) => attempt.outcome === "connected");
      case "blocked":
        return own.every((attempt) => isSilence(attempt.outcome)) && holds(this.probe, controls);
      case "either":
        return own.some((attempt) => attempt.outcome === "connected" || isSilence(attempt.outcome));
    }
  }
}

const BLOCKED_ATTEMPTS = 2;

/** Refused, unreachable and timed-out are one outcome: rejecting plugins are rate-limited and flap between them. */
export function isSilence(outcome: Outcome): boolean {
  return outcome === "refused" || outcome === "unreachable" || outcome === "timed-out";
}

/** A block is evidence only if both networks were alive and the listener answered at its own address, in the same round. */
export function holds(probe: Probe, controls: RoundControls): boolean {
  const isThere = (listener: Listener): boolean =>
    controls.alive.has(listener.destination) && controls.listening.has(listenerName(listener));
  return controls.alive.has(probe.source) && listenersOf(probe).every(isThere);
}

/** What was tried and what was seen: plain data, kept whole. Times are milliseconds since the Unix epoch on the controller's clock. */
import type { Listener, PartyName, Probe } from "../plan/index.ts";

/** Who answers under a party's name: the pod's UID, and what the agent drew when it started. */
export interface Identity {
  readonly uid: string;
  readonly instance: string;
}

/**
 * How an attempt ended. `connected`: our nonce came back from the destination. `misdelivered`: it came back from
 * another pod. `handshake`: accepted, without a valid answer. `refused`, `unreachable` and `timed-out` are the three
 * silences. `failed`: the attempt never left, or its result was lost: no evidence. `pending`: not yet known.
 */
export type Outcome =
  | "connected"
  | "misdelivered"
  | "handshake"
  | "refused"
  | "unreachable"
  | "timed-out"
  | "failed"
  | "pending";

export interface Attempt {
  readonly round: number;
  /** When it was handed to the agent; replaced by the agent's own start once that is known. */
  at: number;
  outcome: Outcome;
  ms: number;
  /** The answer came after the time-out, yet before the phase ended. */
  late?: true;
  /** The request was seen by this party although the attempt did not connect. */
  arrivedAt?: PartyName;
  /** `misdelivered`: who answered, or the identity that nobody here has. */
  answeredBy?: string;
  /** The source address that the destination saw, where it is not the source's own. */
  seenAs?: string;
  /** For `unreachable` and `failed`: the error's symbol, or why the result was lost. */
  cause?: string;
}

/** What a phase wishes of a probe, so that it knows when to stop: `either` is settled by one result. */
export type Wish = "open" | "blocked" | "either";

/** The controls of one round: without them a block is no evidence. */
export interface Round {
  readonly index: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  /** Parties whose network was shown to work in both directions during this round. */
  readonly alive: readonly PartyName[];
  /** Listeners that answered on their own address during this round: `party 5432/TCP`, with ` over IPv6` where it is of that family. */
  readonly listening: readonly string[];
}

/** Everything that was seen of one probe in one phase. */
export interface ProbeTrace {
  readonly probe: Probe;
  readonly wish: Wish;
  readonly attempts: readonly Attempt[];
  /** The first of the matching rounds that led to stability, or that still last. */
  readonly matchesFromRound?: number;
  /** When it had matched in two rounds at least a second apart (`either`, and a phase that only wants one success: at once). */
  readonly settledAt?: number;
  /** The last round in which it connected although it had been blocked in one before, and before it was settled. */
  readonly reopenedIn?: number;
}

export interface PhaseObservation {
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly rounds: readonly Round[];
  readonly traces: readonly ProbeTrace[];
  /** Parties whose session ended before the phase did, and why. */
  readonly lost: Readonly<Record<PartyName, string>>;
}

/** What has to be alive for the probe to be answered: behind a Service any of its pods may be asked. */
export function listenersOf(probe: Probe): readonly Listener[] {
  return probe.through ?? [probe];
}

export function listenerName({ destination, address, protocol, port }: Listener): string {
  return `${destination} ${port}/${protocol}${address.includes(":") ? " over IPv6" : ""}`;
}

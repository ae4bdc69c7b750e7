import {
  type Attempt,
  holds,
  isSilence,
  listenerName,
  listenersOf,
  type Outcome,
  type PhaseObservation,
  type ProbeTrace,
} from "../observation/index.ts";
import type { Probe } from "../plan/index.ts";

/** What a phase shows of one connection: the observation, and for a block whether its controls held. */
export type Seen =
  | { readonly kind: "connected"; readonly isStable: boolean }
  | { readonly kind: "one-way" }
  | { readonly kind: "misdelivered"; readonly by: string }
  | { readonly kind: "handshake" }
  | { readonly kind: "blocked"; readonly as: Silence; readonly missing?: string }
  | { readonly kind: "failed"; readonly cause: string };

export type Silence = Extract<Outcome, "refused" | "unreachable" | "timed-out">;

/** In how many rounds a block must have been seen, with its controls, before it counts. */
const ROUNDS_NEEDED = 2;

type Controls = ReadonlyMap<number, { readonly alive: ReadonlySet<string>; readonly listening: ReadonlySet<string> }>;

export function controlsByRound(phase: PhaseObservation): Controls {
  return new Map(
    phase.rounds.map(({ index, alive, listening }) => [
      index,
      { alive: new Set(alive), listening: new Set(listening) },
    ]),
  );
}

/** Reads one trace. The evidence is everything since it became stable, or its last two rounds where it never did. */
export function readTrace(trace: ProbeTrace, controls: Controls): Seen {
  const evidence = evidenceOf(trace);
  const has = (outcome: Outcome): boolean => evidence.some((attempt) => attempt.outcome === outcome);
  if (has("connected")) return { kind: "connected", isStable: isStablyOpen(trace, evidence, controls) };
  if (evidence.some((attempt) => attempt.arrivedAt !== undefined)) return { kind: "one-way" };
  const misdelivered = evidence.find((attempt) => attempt.outcome === "misdelivered");
  if (misdelivered !== undefined) return { kind: "misdelivered", by: misdelivered.answeredBy ?? "an unknown agent" };
  if (has("handshake")) return { kind: "handshake" };
  const silence = evidence.findLast((attempt) => isSilence(attempt.outcome));
  if (silence !== undefined) return readBlock(trace, evidence, controls);
  const failed = evidence.findLast((attempt) => attempt.outcome === "failed");
  return { kind: "failed", cause: failed?.cause ?? "it was never tried" };
}

function evidenceOf({ attempts, matchesFromRound, settledAt }: ProbeTrace): readonly Attempt[] {
  if (settledAt !== undefined && matchesFromRound !== undefined) {
    return attempts.filter((attempt) => attempt.round >= matchesFromRound);
  }
  const last = roundsOf(attempts).slice(-ROUNDS_NEEDED);
  return attempts.filter((attempt) => last.includes(attempt.round));
}

/** Settled, open in its last round, and in none between did every attempt fail while the controls held. */
function isStablyOpen(trace: ProbeTrace, evidence: readonly Attempt[], controls: Controls): boolean {
  if (trace.settledAt === undefined) return false;
  const rounds = roundsOf(evidence);
  const isOpenIn = (round: number): boolean =>
    evidence.some((attempt) => attempt.round === round && attempt.outcome === "connected");
  return rounds.every(
    (round) =>
      isOpenIn(round) || (round !== rounds.at(-1) && missingControl(trace.probe, round, controls) !== undefined),
  );
}

function readBlock(trace: ProbeTrace, evidence: readonly Attempt[], controls: Controls): Seen {
  const silent = evidence.filter((attempt) => isSilence(attempt.outcome));
  const as = silent.at(-1)?.outcome as Silence;
  const rounds = roundsOf(silent);
  const missing = rounds.map((round) => missingControl(trace.probe, round, controls));
  if (trace.reopenedIn !== undefined)
    return { kind: "blocked", as, missing: "it had connected again after it was blocked, while nothing else changed" };
  const good = missing.filter((reason) => reason === undefined).length;
  if (good >= ROUNDS_NEEDED && (trace.wish !== "blocked" || trace.settledAt !== undefined))
    return { kind: "blocked", as };
  const reason =
    missing.findLast((found) => found !== undefined) ?? "it was not seen blocked in two rounds a second apart";
  return { kind: "blocked", as, missing: reason };
}

function missingControl(probe: Probe, round: number, byRound: Controls): string | undefined {
  const controls = byRound.get(round);
  if (controls === undefined) return "the round has no controls";
  if (holds(probe, controls)) return undefined;
  if (!controls.alive.has(probe.source)) return `nothing showed that the network of ${probe.source} works`;
  const listeners = listenersOf(probe);
  const idle = listeners.find(({ destination }) => !controls.alive.has(destination));
  if (idle !== undefined) return `nothing showed that the network of ${idle.destination} works`;
  const deaf = listeners.find((listener) => !controls.listening.has(listenerName(listener))) ?? probe;
  return `${listenerName(deaf)} did not answer ${probe.handshake ? "anybody else" : "its own pod"}`;
}

function roundsOf(attempts: readonly Attempt[]): readonly number[] {
  return [...new Set(attempts.map((attempt) => attempt.round))].filter((round) => round > 0);
}

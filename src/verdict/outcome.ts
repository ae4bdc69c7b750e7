import { EXIT, type ExitCode } from "../errors/index.ts";
import type { ProofPlan, UnplacedPolicy } from "../plan/index.ts";
import type { Direction, NetworkPolicy } from "../snapshot/index.ts";
import { type CanaryVerdict, judgeCanary, NOT_DENIED } from "./canary.ts";
import type { Verdict } from "./cell.ts";
import { type JudgedConnection, judgeConnections, type Phases } from "./connection.ts";
import { type Diagnosis, diagnose, type NodesByParty } from "./diagnosis.ts";
import { type Finding, untriedFindings } from "./findings.ts";
import { type JudgedRequirement, judgeRequirements } from "./requirements.ts";

export type Counts = Readonly<Record<Verdict["kind"], number>>;

export interface Outcome {
  readonly result: "proven" | "failed" | "inconclusive" | "not-enforced";
  readonly exitCode: ExitCode;
  /** For people: each reason why the result is not `proven`, the weightiest first. */
  readonly reasons: readonly string[];
  readonly counts: Counts;
}

export interface JudgedProof {
  readonly connections: readonly JudgedConnection[];
  /** The canary's connections and the run's controls: no part of the counts. */
  readonly supporting: readonly JudgedConnection[];
  readonly canary: CanaryVerdict;
  readonly requirements: readonly JudgedRequirement[];
  /** The fault model that explains everything that is wrong, if one does. */
  readonly diagnosis?: Diagnosis;
  readonly outcome: Outcome;
}

/** What has to be known of a proof beside its plan and its phases. */
export interface Surroundings {
  /** Those that are to be proven. */
  readonly policies: readonly Pick<NetworkPolicy, "namespace" | "name">[];
  readonly unplaced: readonly UnplacedPolicy[];
  readonly findings: readonly Finding[];
  readonly nodes: NodesByParty;
  /** Milliseconds that the cluster had to enforce the policies; undefined where they were not applied. */
  readonly waitedMs?: number;
}

/** Judges a whole proof. Exit 4 comes from the canary alone; one sound denied connection is the least that proves anything. */
export function judgeProof(
  plan: ProofPlan,
  phases: Phases,
  { policies, unplaced, findings, nodes, waitedMs }: Surroundings,
): JudgedProof {
  const judged = judgeConnections(plan, phases);
  const connections = judged.filter(({ planned }) => planned.purpose === "policies");
  const supporting = judged.filter(({ planned }) => planned.purpose !== "policies");
  const canary = judgeCanary(supporting.filter(({ planned }) => planned.purpose === "canary"));
  const requirements = judgeRequirements(plan.requirements, connections);
  const diagnosis = diagnose(plan, connections, { nodes, canary });
  const untried = untriedFindings(policies, { decisions: plan.decisions, connections, unplaced });
  const outcome = conclude({ connections, canary, requirements, findings: [...findings, ...untried], waitedMs });
  return { connections, supporting, canary, requirements, ...(diagnosis === undefined ? {} : { diagnosis }), outcome };
}

interface Evidence {
  readonly connections: readonly JudgedConnection[];
  readonly canary: CanaryVerdict;
  readonly requirements: readonly JudgedRequirement[];
  readonly findings: readonly Finding[];
  readonly waitedMs: number | undefined;
}

/** A cluster that has had less time than this may just be slow: nothing is said of it as a whole. */
const LEAST_WAIT_MS = 4_500;

function conclude(evidence: Evidence): Outcome {
  const counts = count(evidence.connections);
  const unenforced = notEnforced(evidence);
  if (unenforced.length === 2) {
    const { waitedMs } = evidence;
    const within = waitedMs === undefined ? "" : ` within ${(waitedMs / 1000).toFixed(1)} s`;
    if (waitedMs !== undefined && waitedMs < LEAST_WAIT_MS) {
      const reason = `nothing was enforced${within}, which is too short to tell: give more with --timeout`;
      return { result: "inconclusive", exitCode: EXIT.inconclusive, reasons: [reason], counts };
    }
    return {
      result: "not-enforced",
      exitCode: EXIT.notEnforced,
      reasons: [
        `this cluster does not enforce NetworkPolicy at all: nothing was blocked${within} (give a slower one more with --timeout)`,
      ],
      counts,
    };
  }
  const failures = [...failureReasons(evidence, counts, unenforced)];
  if (counts.leaks > 0 && evidence.waitedMs !== undefined) failures.push(patience(evidence.waitedMs));
  const doubts = [...doubtReasons(evidence, counts)];
  const reasons = [...failures, ...doubts];
  if (failures.length > 0) return { result: "failed", exitCode: EXIT.failed, reasons, counts };
  if (doubts.length > 0) return { result: "inconclusive", exitCode: EXIT.inconclusive, reasons, counts };
  return { result: "proven", exitCode: EXIT.ok, reasons, counts };
}

function patience(waitedMs: number): string {
  return `the policies had ${(waitedMs / 1000).toFixed(1)} s to take effect: give a slower cluster more with --timeout`;
}

function* failureReasons(evidence: Evidence, counts: Counts, unenforced: readonly Direction[]): Iterable<string> {
  if (counts.leaks > 0) yield `${plural(counts.leaks, "connection")} got through that the policies deny`;
  if (counts.overblocks > 0) yield `${plural(counts.overblocks, "connection")} failed that the policies allow`;
  for (const direction of unenforced) {
    const isUsed = evidence.connections.some(({ planned }) => planned.deniedBy.includes(direction));
    if (isUsed) yield `this cluster does not enforce ${direction}`;
  }
  const violated = evidence.requirements.filter(({ result }) => result === "violated").length;
  if (violated > 0) yield `${plural(violated, "requirement")} violated`;
  for (const { kind, what } of evidence.findings) if (kind === "failed") yield what;
}

function* doubtReasons(evidence: Evidence, counts: Counts): Iterable<string> {
  const { connections, requirements, findings } = evidence;
  for (const direction of DIRECTIONS) {
    if (connections.some(({ planned }) => planned.deniedBy.includes(direction))) yield* unshown(direction, evidence);
  }
  const denied = connections.filter(({ planned }) => planned.expectation === "deny");
  if (connections.length > 0 && denied.length === 0)
    yield "isolates nothing: these policies deny no connection that could be tried";
  else if (!denied.some(({ verdict }) => verdict.kind === "conforms")) yield "nothing was shown to be blocked";
  if (counts.inconclusive > 0) yield `${plural(counts.inconclusive, "connection")} could not be judged`;
  const unproven = requirements.filter(({ result }) => result === "unproven").length;
  if (unproven > 0) yield `${plural(unproven, "requirement")} could not be shown`;
  for (const { kind, what } of findings) if (kind === "inconclusive") yield what;
}

const DIRECTIONS = ["ingress", "egress"] as const;

/** Directions in which the canary got through, and nothing else was blocked either. */
function notEnforced({ canary, connections }: Evidence): readonly Direction[] {
  return DIRECTIONS.filter(
    (direction) => canary[direction].enforcement === "not-enforced" && !wasBlocked(direction, connections),
  );
}

/** Why the silence of what a direction denies may have another cause than its enforcement. */
function* unshown(direction: Direction, { canary, connections }: Evidence): Iterable<string> {
  const { enforcement, reason } = canary[direction];
  const isBlocked = wasBlocked(direction, connections);
  if (enforcement === "not-enforced" && isBlocked)
    yield `the canary got through whose ${direction} is denied, although other connections were blocked`;
  if (enforcement !== "unknown" || (reason === NOT_DENIED && isBlocked)) return;
  yield `the canary does not show that ${direction} is enforced: ${reason}`;
}

/** A connection was blocked that nothing but this direction denies. */
function wasBlocked(direction: Direction, connections: readonly JudgedConnection[]): boolean {
  return connections.some(
    ({ planned: { deniedBy }, verdict }) =>
      verdict.kind === "conforms" && deniedBy.length === 1 && deniedBy[0] === direction,
  );
}

function count(connections: readonly JudgedConnection[]): Counts {
  const counts = { conforms: 0, leaks: 0, overblocks: 0, inconclusive: 0, unspecified: 0 };
  for (const { verdict } of connections) counts[verdict.kind] += 1;
  return counts;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

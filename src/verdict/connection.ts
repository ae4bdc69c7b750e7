import type { PhaseObservation, ProbeTrace } from "../observation/index.ts";
import type { ForeignPolicy, PartyName, PlannedConnection, ProofPlan } from "../plan/index.ts";
import { judgeCell, type Verdict } from "./cell.ts";
import { controlsByRound, readTrace, type Seen } from "./seen.ts";

/** The three phases of a proof; a later one is missing where an earlier one ended the run. */
export interface Phases {
  readonly baseline?: PhaseObservation;
  readonly enforced?: PhaseObservation;
  readonly restored?: PhaseObservation;
}

export type PhaseName = keyof Phases;
export const PHASES = ["baseline", "enforced", "restored"] as const satisfies readonly PhaseName[];

/** One connection with everything that was seen of it, and what follows. */
export interface JudgedConnection {
  readonly planned: PlannedConnection;
  readonly traces: Readonly<Partial<Record<PhaseName, ProbeTrace>>>;
  readonly seen: Readonly<Partial<Record<PhaseName, Seen>>>;
  readonly verdict: Verdict;
}

export function judgeConnections(
  { connections, foreign }: Pick<ProofPlan, "connections" | "foreign">,
  phases: Phases,
): readonly JudgedConnection[] {
  const lost = lostParties(phases);
  const lostWhileEnforced = new Map(Object.entries(phases.enforced?.lost ?? {}));
  const readers = PHASES.map((name) => ({ name, read: phaseReader(phases[name]) }));
  const expectations = new Map(
    connections
      .filter(({ probe }) => probe.through === undefined)
      .map((planned) => [wayTo(planned.probe.destination, planned), planned.expectation]),
  );
  return connections.map((planned) => {
    const found = readers.flatMap(({ name, read }) => {
      const result = read(planned.probe.id);
      return result === undefined ? [] : [{ name, ...result }];
    });
    const traces = Object.fromEntries(found.map(({ name, trace }) => [name, trace]));
    const seen: JudgedConnection["seen"] = Object.fromEntries(found.map(({ name, seen: own }) => [name, own]));
    const isDeniedToo = (party: string): boolean => expectations.get(wayTo(party, planned)) === "deny";
    const rewritten = rewrittenSource(traces);
    const judged = judge(planned, seen, { isDeniedToo, rewritten });
    const isOpen = traces.enforced !== undefined && traces.enforced.settledAt === undefined;
    const known = isOpen ? withoutLost(judged, planned, lostWhileEnforced) : judged;
    const verdict = nameForeign(nameLoss(known, planned, lost), planned, foreign);
    return { planned, traces, seen, verdict };
  });
}

/** From the same address, on the same port. */
function wayTo(party: PartyName, { probe: { source, sourceAddress, protocol, port } }: PlannedConnection): string {
  return `${source} ${sourceAddress} > ${party} ${port}/${protocol}`;
}

function lostParties(phases: Phases): ReadonlyMap<string, string> {
  return new Map(PHASES.flatMap((name) => Object.entries(phases[name]?.lost ?? {})));
}

/** Where an end has lost its session, that is the reason why nothing can be said. */
function nameLoss(verdict: Verdict, planned: PlannedConnection, lost: ReadonlyMap<string, string>): Verdict {
  return verdict.kind === "inconclusive" ? withoutLost(verdict, planned, lost) : verdict;
}

/** What was seen until a session was lost, before the policies may have taken effect, convicts nobody. */
function withoutLost(verdict: Verdict, { probe }: PlannedConnection, lost: ReadonlyMap<string, string>): Verdict {
  const party = [probe.source, probe.destination].find((end) => lost.has(end));
  if (party === undefined || verdict.kind === "unspecified") return verdict;
  return inconclusive(`the session with ${party} was lost`);
}

/** Where a policy that is not understood could decide too, nothing that was seen is the work of ours for certain. */
function nameForeign(verdict: Verdict, { probe }: PlannedConnection, foreign: readonly ForeignPolicy[]): Verdict {
  const ends = [probe.source, probe.destination].map((party) => party.split("/")[0] ?? "");
  const found = foreign.find(
    ({ namespaces }) => namespaces === undefined || ends.some((end) => namespaces.includes(end)),
  );
  if (found === undefined || verdict.kind === "unspecified") return verdict;
  return inconclusive(
    found.isOurs
      ? `${found.what} was changed or removed by somebody while it should have been in force`
      : `${found.what}, which netproof does not understand, may decide it too (in the lab, --lab, nothing else does)`,
  );
}

function phaseReader(
  phase: PhaseObservation | undefined,
): (id: string) => { trace: ProbeTrace; seen: Seen } | undefined {
  if (phase === undefined) return () => undefined;
  const controls = controlsByRound(phase);
  const traces = new Map(phase.traces.map((trace) => [trace.probe.id, trace]));
  return (id) => {
    const trace = traces.get(id);
    return trace && { trace, seen: readTrace(trace, controls) };
  };
}

function judge(
  { expectation, unspecifiedBecause, deniedBy }: PlannedConnection,
  { baseline, enforced, restored }: JudgedConnection["seen"],
  facts: { isDeniedToo: (party: string) => boolean; rewritten: string | undefined },
): Verdict {
  if (expectation === "unspecified") {
    return { kind: "unspecified", reason: unspecifiedBecause ?? "the API leaves it open" };
  }
  if (facts.rewritten !== undefined && !deniedBy.includes("egress")) {
    return { kind: "unspecified", reason: `source rewritten: the destination sees ${facts.rewritten}` };
  }
  if (baseline?.kind !== "connected") return inconclusive(`without the policies ${describe(baseline)}`);
  if (enforced === undefined) return inconclusive("the run ended before the policies were applied");
  const verdict = judgeCell({ expectation, seen: enforced, isDeniedToo: facts.isDeniedToo });
  // What is wrong while the policies are in force stays wrong, whatever comes after.
  if (verdict.kind !== "conforms") return verdict;
  if (restored === undefined) return inconclusive("the run ended before the policies were removed again");
  if (restored.kind === "connected") return verdict;
  if (restored.kind === "blocked" && restored.missing === undefined) {
    return { kind: "overblocks", because: "it stays blocked after the policies were removed (delete-not-cleaned)" };
  }
  return inconclusive(`after the policies were removed ${describe(restored)}`);
}

/** The echo shows another source address than the source's own: a policy about it cannot be judged on this path. */
function rewrittenSource(traces: JudgedConnection["traces"]): string | undefined {
  const attempts = Object.values(traces).flatMap((trace) => trace?.attempts ?? []);
  return attempts.find((attempt) => attempt.seenAs !== undefined)?.seenAs;
}

function describe(seen: Seen | undefined): string {
  if (seen === undefined) return "it was not tried";
  switch (seen.kind) {
    case "connected":
      return "it connects";
    case "one-way":
      return "the answer does not come back";
    case "misdelivered":
      return `another pod answers: ${seen.by}`;
    case "handshake":
      return "something that is not our agent accepts it";
    case "blocked":
      return seen.missing === undefined ? `it does not connect (${seen.as})` : `it does not connect: ${seen.missing}`;
    case "failed":
      return `it could not be tried: ${seen.cause}`;
  }
}

function inconclusive(reason: string): Verdict {
  return { kind: "inconclusive", reason };
}

import { createExpectation, type DirectionDecision, type PairExpectation } from "../expectation/index.ts";
import type { Intent } from "../snapshot/index.ts";
import { adequacy } from "./adequacy.ts";
import { type Canary, planCanaryRows, planControls } from "./canary.ts";
import { ConnectionTable } from "./connection-table.ts";
import { type End, insideEnd, outsideEnds, type ProofStage, podOf } from "./ends.ts";
import type { PlannedConnection, PodIsolation, ProofPlan, StagedWorkload } from "./model.ts";
import { knownPorts, portsForPair } from "./pair-ports.ts";
import type { PortOfInterest, PortPlan } from "./ports.ts";
import { Requirements } from "./requirements.ts";

export interface ConnectionOptions {
  readonly ports: PortPlan;
  readonly canary: Canary;
  readonly maxProbes: number;
  /** What must and must not connect: always among what is tried. */
  readonly intent: Intent;
  readonly workloads: readonly StagedWorkload[];
}

/** Two ends, what the policies say between them, and the connections that are worth a try. */
interface Pair {
  readonly source: End;
  readonly destination: End;
  readonly pair: PairExpectation;
  readonly rows: readonly PlannedConnection[];
}

/** Chooses the connections of a proof: every pair of pods, on the ports that its policies can tell apart. */
export function planConnections(stage: ProofStage, options: ConnectionOptions): ProofPlan {
  const { state } = stage;
  const { canary, maxProbes } = options;
  const expectation = createExpectation(state);
  const table = new ConnectionTable(expectation);
  const known = knownPorts(options.ports, state);
  const requirements = new Requirements(options.intent, { namespaces: state.namespaces, workloads: options.workloads });
  const inside = state.pods.filter((pod) => pod.namespace !== canary.namespace).flatMap(insideEnd);
  const outside = outsideEnds(stage);
  const pairs = allPairs(inside, outside).map(({ source, destination }): Pair => {
    const pair = expectation.pair(source.endpoint, destination.endpoint);
    const ports = [
      ...portsForPair(pair, podOf(destination), known),
      ...requirements.portsFor(source, destination, pair),
    ];
    const listened = distinct(ports).filter(({ port }) => known.listened.has(port));
    const rows = listened.map((on) => table.row(source, destination, { on, purpose: "policies" }));
    requirements.note(source, destination, { pair, rows });
    return { source, destination, pair, rows };
  });
  const pods = inside.flatMap((end) => podOf(end) ?? []);
  requirements.noteCidrs(pods, { expectation, policies: state.policies });
  const { kept, left } = withinBudget(pairs, { maxProbes, required: requirements.ids });
  const limit = `the limit of ${maxProbes} is reached (--max-probes)`;
  return {
    connections: [...kept, ...planCanaryRows(table, state, canary), ...planControls(table, { state, canary, outside })],
    decisions: table.decisions,
    pairs: pairs
      .filter(({ pair: { decision } }) => isIsolated(decision.egress) || isIsolated(decision.ingress))
      .map(({ source, destination, pair }) => ({ from: source.name, to: destination.name, allowed: pair.allowed })),
    isolation: inside.map((end) => isolationOf(end, pairs)),
    requirements: requirements.planned(),
    foreign: stage.foreign,
    adequacy: adequacy(state, kept, [...inside, ...outside]),
    notTested: left === 0 ? [] : [{ what: `${left} further connections`, reason: limit }],
  };
}

/** Every ordered pair of which at least one end is inside. */
function allPairs(inside: readonly End[], outside: readonly End[]): readonly Pick<Pair, "source" | "destination">[] {
  const all = [...inside, ...outside];
  return all.flatMap((source) =>
    all
      .filter((destination) => source !== destination && !(source.isOutside && destination.isOutside))
      .map((destination) => ({ source, destination })),
  );
}

function distinct(ports: readonly PortOfInterest[]): readonly PortOfInterest[] {
  return [...new Map(ports.map(({ protocol, port }) => [`${port}/${protocol}`, { protocol, port }])).values()];
}

function isIsolated(direction: DirectionDecision): boolean {
  return direction.kind === "isolated";
}

/** A direction's isolation does not depend on the other end, so any pair tells it. */
function isolationOf(end: End, pairs: readonly Pair[]): PodIsolation {
  const outgoing = pairs.find(({ source }) => source === end)?.pair.decision.egress;
  const incoming = pairs.find(({ destination }) => destination === end)?.pair.decision.ingress;
  return {
    name: end.name,
    isolated: [
      ...(incoming !== undefined && isIsolated(incoming) ? (["ingress"] as const) : []),
      ...(outgoing !== undefined && isIsolated(outgoing) ? (["egress"] as const) : []),
    ],
  };
}

/** What was asked for, then one connection of each pair in turn, until the budget is used. */
function withinBudget(
  pairs: readonly Pair[],
  { maxProbes, required }: { maxProbes: number; required: ReadonlySet<string> },
): { kept: readonly PlannedConnection[]; left: number } {
  const rows = pairs.map((pair) => byInterest(pair.rows));
  const asked = rows.flat().filter(({ probe: { id } }) => required.has(id));
  const turns = Math.max(0, ...rows.map((own) => own.length));
  const inTurn = Array.from({ length: turns }, (_, turn) => rows.flatMap((own) => own[turn] ?? [])).flat();
  const all = [...new Set([...asked, ...inTurn])];
  const kept = all.slice(0, Math.max(maxProbes, asked.length));
  return { kept, left: all.length - kept.length };
}

/** The first that is denied, the first that is allowed, then the other denied, then the rest. */
function byInterest(rows: readonly PlannedConnection[]): readonly PlannedConnection[] {
  const denied = rows.filter(({ expectation }) => expectation === "deny");
  const others = rows.filter(({ expectation }) => expectation !== "deny");
  return [...denied.slice(0, 1), ...others.slice(0, 1), ...denied.slice(1), ...others.slice(1)];
}

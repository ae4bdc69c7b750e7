import { createExpectation, type DirectionDecision, hasPort, type PairExpectation } from "../expectation/index.ts";
import { type ClusterState, type Direction, type Intent, PROTOCOLS } from "../snapshot/index.ts";
import { adequacy } from "./adequacy.ts";
import { type PairRows, withinBudget } from "./budget.ts";
import { type Canary, planCanaryRows, planControls } from "./canary.ts";
import { ConnectionTable } from "./connection-table.ts";
import { type End, insideEnds, outsideEnds, type ProofStage, podOf } from "./ends.ts";
import type { PlannedNamespace, PlannedPod, PodIsolation, ProofPlan, StagedWorkload } from "./model.ts";
import { NeighbourTables } from "./neighbour-tables.ts";
import { knownPorts, portsForPair } from "./pair-ports.ts";
import { formatIpBlock, ipBlocks } from "./peers.ts";
import type { PortOfInterest, PortPlan } from "./ports.ts";
import { Requirements } from "./requirements.ts";
import { planServices } from "./services.ts";

export interface ConnectionOptions {
  readonly ports: PortPlan;
  readonly canary: Canary;
  readonly maxProbes: number;
  /** The most entries to take of a node's neighbour table. */
  readonly maxNeighbours: number;
  /** What must and must not connect: always among what is tried. */
  readonly intent: Intent;
  readonly workloads: readonly StagedWorkload[];
  /** Those of the plan, whether or not they are on the stage. */
  readonly namespaces: readonly PlannedNamespace[];
}

/** Two ends, and what there is to try between them. */
interface Pair extends PairRows {
  readonly source: End;
  readonly destination: End;
}

/** Chooses the connections of a proof: every pair of pods, on the ports that its policies can tell apart. */
export function planConnections(stage: ProofStage, options: ConnectionOptions): ProofPlan {
  const { state } = stage;
  const { canary, maxProbes } = options;
  const expectation = createExpectation(state);
  const table = new ConnectionTable(expectation);
  const known = knownPorts(options.ports, state);
  const requirements = new Requirements(options.intent, {
    namespaces: [...options.namespaces, ...state.namespaces],
    workloads: options.workloads,
  });
  const supporters = new Set([...canary.pods.map(fullName), stage.outside?.party]);
  const inside = state.pods.filter((pod) => !supporters.has(fullName(pod))).flatMap(insideEnds);
  const outside = outsideEnds(stage);
  const both = allPairs(inside, outside);
  const mostPorts = Math.max(FEWEST_PORTS, Math.ceil((MANY * maxProbes) / both.length));
  let beyond = 0;
  let overFirstAlone = 0;
  const pairs = both.map(({ source, destination }): Pair => {
    const pair = expectation.pair(source.endpoint, destination.endpoint);
    const hasSctp = ![source, destination].some(({ party }) => stage.withoutSctp.has(party));
    const isListened = ({ protocol, port }: PortOfInterest): boolean =>
      known.listened.has(port) && (protocol !== "SCTP" || hasSctp);
    const { only } = destination;
    const all = only === undefined ? portsForPair(pair, podOf(destination), known).filter(isListened) : [only];
    const own = isFurther(source, destination) ? tellingPorts(pair, all) : all;
    overFirstAlone += all.length - own.length;
    beyond += Math.max(0, own.length - mostPorts);
    const required = only === undefined ? requirements.portsFor(source, destination, pair).filter(isListened) : [];
    const rows = distinct([...own.slice(0, mostPorts), ...required]).map((on) =>
      table.row(source, destination, { on, purpose: "policies" }),
    );
    requirements.note(source, destination, { pair, rows });
    return { source, destination, pair, rows };
  });
  const pods = inside.flatMap((end) => podOf(end) ?? []);
  requirements.noteCidrs(pods, { expectation, policies: state.policies });
  const supporting = [...planCanaryRows(table, state, canary), ...planControls(table, { state, canary, outside })];
  const tables = neighbourTables(stage, options);
  for (const { probe } of supporting) tables.take(probe);
  const services = planServices(stage.services, {
    table,
    expectation,
    inside,
    isListened: (port) => known.listened.has(port),
  });
  const { kept, left, crowded } = withinBudget([...pairs, ...services.pairs], {
    maxProbes,
    tables,
    required: requirements.ids,
  });
  return {
    connections: [...kept, ...supporting],
    decisions: table.decisions,
    pairs: pairs
      .filter(({ pair: { decision } }) => isIsolated(decision.egress) || isIsolated(decision.ingress))
      .filter(({ source, destination }) => !isFurther(source, destination))
      .map(({ source, destination, pair }) => ({ from: source.name, to: destination.name, allowed: pair.allowed })),
    isolation: inside.filter(({ isFirst }) => isFirst).map((end) => isolationOf(end, pairs, state.policies)),
    requirements: requirements.planned(outside, stage.withoutSctp.size > 0),
    foreign: stage.foreign,
    adequacy: adequacy(state, kept, [...inside, ...outside]),
    notTested: [
      ...(options.ports.protocols.includes("SCTP") && stage.withoutSctp.size > 0 ? [WITHOUT_SCTP] : []),
      ...services.notTested,
      ...further(left + beyond, `the limit of ${maxProbes} is reached (--max-probes)`),
      ...further(crowded, CROWDED),
      ...further(overFirstAlone, "over IPv6 one open and one closed port of each protocol is tried, and all over IPv4"),
    ],
  };
}

const WITHOUT_SCTP = { what: "SCTP", reason: "no SCTP in this kernel (on a node: modprobe sctp)" };

const CROWDED =
  "pods of one node share a link, and so many at once would fill its neighbour table and cut off others: " +
  "use more nodes, or raise net.ipv4.neigh.default.gc_thresh3 there and --max-neighbours here";

function fullName({ namespace, name }: Pick<PlannedPod, "namespace" | "name">): string {
  return `${namespace}/${name}`;
}

function further(count: number, reason: string): ProofPlan["notTested"] {
  return count === 0 ? [] : [{ what: `${count} further connection${count === 1 ? "" : "s"}`, reason }];
}

function neighbourTables({ state, onLink }: ProofStage, { maxNeighbours }: ConnectionOptions): NeighbourTables {
  const nodes = new Map(state.pods.map((pod) => [fullName(pod), pod.node]));
  const places = [...onLink].map(([party, own]) => [party, { node: nodes.get(party), onLink: own }] as const);
  return new NeighbourTables(new Map(places), maxNeighbours);
}

const FAMILIES = [4, 6] as const;

/** What the budget can never take is not looked at: of the ports of one pair many times its share, and never few. */
const MANY = 20;
const FEWEST_PORTS = 40;

/** Two pods over another family than that of their first addresses. */
function isFurther(source: End, destination: End): boolean {
  return !source.isOutside && !destination.isOutside && !(source.isFirst && destination.isFirst);
}

/** Over a further family something open and something closed of each protocol; all ports are tried over the first. */
function tellingPorts(pair: PairExpectation, ports: readonly PortOfInterest[]): readonly PortOfInterest[] {
  const isOpen = ({ protocol, port }: PortOfInterest): boolean => hasPort(pair.allowed[protocol], port);
  return PROTOCOLS.flatMap((protocol) => {
    const own = ports.filter((on) => on.protocol === protocol);
    return [...own.filter(isOpen).slice(0, 1), ...own.filter((on) => !isOpen(on)).slice(0, 1)];
  });
}

/** Every ordered pair of one family of which at least one end is inside; IPv4 before IPv6. */
function allPairs(inside: readonly End[], outside: readonly End[]): readonly Pick<Pair, "source" | "destination">[] {
  return FAMILIES.flatMap((family) => {
    const all = [...inside, ...outside].filter((end) => end.family === family);
    return all.flatMap((source) =>
      all
        .filter((destination) => source !== destination && !(source.isOutside && destination.isOutside))
        .filter(() => source.only === undefined)
        .map((destination) => ({ source, destination })),
    );
  });
}

function distinct(ports: readonly PortOfInterest[]): readonly PortOfInterest[] {
  return [...new Map(ports.map(({ protocol, port }) => [`${port}/${protocol}`, { protocol, port }])).values()];
}

function isIsolated(direction: DirectionDecision): boolean {
  return direction.kind === "isolated";
}

/** A direction's isolation does not depend on the other end, so any pair tells it. */
function isolationOf(end: End, pairs: readonly Pair[], policies: ClusterState["policies"]): PodIsolation {
  const decided = {
    ingress: pairs.find(({ destination }) => destination === end)?.pair.decision.ingress,
    egress: pairs.find(({ source }) => source === end)?.pair.decision.egress,
  };
  const blocks = (direction: Direction): readonly string[] => {
    const decision = decided[direction];
    const by = decision?.kind === "isolated" ? decision.by : [];
    const own = policies.filter((policy) =>
      by.some((name) => name.namespace === policy.namespace && name.name === policy.name),
    );
    return [...new Set(own.flatMap((policy) => ipBlocks(policy, direction)).map(formatIpBlock))];
  };
  return {
    name: end.name,
    isolated: (["ingress", "egress"] as const).filter((direction) => decided[direction]?.kind === "isolated"),
    ipBlocks: { ingress: blocks("ingress"), egress: blocks("egress") },
  };
}

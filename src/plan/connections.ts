import {
  type ConnectionExpectation,
  createExpectation,
  type Decision,
  type DirectionDecision,
  type Endpoint,
  type Expectation,
  type PairExpectation,
  SEMANTIC_FAULTS,
} from "../expectation/index.ts";
import type { ClusterState, Pod, PortItem, Protocol } from "../snapshot/index.ts";
import type { Canary, Differential } from "./canary.ts";
import type { PartyName, PlannedConnection, PodIsolation, Probe, ProofPlan, Purpose } from "./model.ts";
import { boundaries, type PortOfInterest, type PortPlan } from "./ports.ts";

/** The stage as the server made it: pods with addresses, policies as stored. */
export interface ProofStage {
  readonly state: ClusterState;
  /** The host outside the cluster, if there is one. */
  readonly outside?: { readonly party: PartyName; readonly addresses: readonly string[] };
}

export interface ConnectionOptions {
  readonly ports: PortPlan;
  readonly canary: Canary;
  readonly maxProbes: number;
  /** Connections that must be among those tried, by id. */
  readonly required?: ReadonlySet<string>;
}

/** One end, as the plan sees it. */
interface End {
  readonly party: PartyName;
  /** For people and for stable ids. */
  readonly name: string;
  readonly address: string;
  readonly endpoint: Endpoint;
  readonly isOutside: boolean;
}

/** Chooses the connections of a proof: every pair of pods, on the ports that its policies can tell apart. */
export function planConnections(stage: ProofStage, options: ConnectionOptions): ProofPlan {
  const { state } = stage;
  const expectation = createExpectation(state);
  const table = new Table(expectation);
  const items = itemsByPolicy(state);
  const inside = state.pods.filter((pod) => pod.namespace !== options.canary.namespace).flatMap(insideEnd);
  const outside = outsideEnds(stage);
  const pairs = [...inside, ...outside].flatMap((source) =>
    [...inside, ...outside]
      .filter((destination) => source !== destination && !(source.isOutside && destination.isOutside))
      .map((destination) => ({ source, destination })),
  );
  const answers = pairs.map((ends) => ({
    ...ends,
    pair: expectation.pair(ends.source.endpoint, ends.destination.endpoint),
  }));
  const rows = answers.map(({ source, destination, pair }) => {
    const ports = portsForPair(pair, podOf(destination), { plan: options.ports, items });
    return byInterest(ports.map((on) => table.row(source, destination, { on, purpose: "policies" })));
  });
  const { kept, left } = withinBudget(rows, options);
  const canary = planCanaryRows(table, state, options);
  const controls = planControls(table, state, { ...options, outside });
  const connections = [...kept, ...canary, ...controls];
  return {
    connections,
    decisions: table.decisions,
    pairs: answers
      .filter(({ pair: { decision } }) => isIsolated(decision.egress) || isIsolated(decision.ingress))
      .map(({ source, destination, pair }) => ({ from: source.name, to: destination.name, allowed: pair.allowed })),
    isolation: inside.map((end) => isolationOf(end, answers)),
    adequacy: adequacy(state, kept, new Map([...inside, ...outside].map((end) => [end.name, end]))),
    notTested:
      left === 0
        ? []
        : [
            {
              what: `${left} further connections`,
              reason: `the limit of ${options.maxProbes} is reached (--max-probes)`,
            },
          ],
  };
}

interface Answer {
  readonly source: End;
  readonly destination: End;
  readonly pair: PairExpectation;
}

function isIsolated(direction: DirectionDecision): boolean {
  return direction.kind === "isolated";
}

/** A direction's isolation does not depend on the other end, so any pair tells it. */
function isolationOf(end: End, answers: readonly Answer[]): PodIsolation {
  const outgoing = answers.find(({ source }) => source === end)?.pair.decision.egress;
  const incoming = answers.find(({ destination }) => destination === end)?.pair.decision.ingress;
  return {
    name: end.name,
    isolated: [
      ...(incoming !== undefined && isIsolated(incoming) ? (["ingress"] as const) : []),
      ...(outgoing !== undefined && isIsolated(outgoing) ? (["egress"] as const) : []),
    ],
  };
}

/** Turns pairs and ports into connections, and keeps each distinct decision once. */
class Table {
  readonly decisions: Decision[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #expectation: Expectation;

  constructor(expectation: Expectation) {
    this.#expectation = expectation;
  }

  row(source: End, destination: End, { on, purpose }: { on: PortOfInterest; purpose: Purpose }): PlannedConnection {
    const expected = this.#expectation.connection(source.endpoint, destination.endpoint, on);
    return {
      probe: probe(source, destination, on),
      from: source.name,
      to: destination.name,
      purpose,
      expectation: expected.kind,
      decision: this.#intern(expected),
      deniedBy: expected.kind === "deny" ? expected.because : [],
      ...(expected.kind === "unspecified" ? { unspecifiedBecause: expected.because } : {}),
    };
  }

  #intern({ decision }: ConnectionExpectation): number {
    const key = JSON.stringify(decision);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.decisions.push(decision) - 1);
    return this.decisions.length - 1;
  }
}

export function connectionId(from: string, to: string, { protocol, port }: PortOfInterest): string {
  return `${from} > ${to} ${port}/${protocol}`;
}

function probe(source: End, destination: End, on: PortOfInterest): Probe {
  return {
    id: connectionId(source.name, destination.name, on),
    source: source.party,
    sourceAddress: source.address,
    destination: destination.party,
    address: destination.address,
    ...on,
  };
}

function insideEnd(pod: Pod): End[] {
  const address = pod.addresses.find((candidate) => !candidate.includes(":"));
  if (address === undefined) return [];
  const name = `${pod.namespace}/${pod.name}`;
  return [{ party: name, name, address, endpoint: { kind: "pod", pod, address }, isOutside: false }];
}

function outsideEnds({ outside }: ProofStage): End[] {
  return (outside?.addresses ?? []).map((address) => ({
    party: outside?.party ?? address,
    name: address,
    address,
    endpoint: { kind: "address", address },
    isOutside: true,
  }));
}

function podOf({ endpoint }: End): Pod | undefined {
  return endpoint.kind === "pod" ? endpoint.pod : undefined;
}

/** The port items of each policy's rules, both directions. */
function itemsByPolicy({ policies }: ClusterState): ReadonlyMap<string, readonly PortItem[]> {
  return new Map(
    policies.map(({ namespace, name, isolates }) => [
      `${namespace}/${name}`,
      [...(isolates.ingress ?? []), ...(isolates.egress ?? [])].flatMap((rule) => rule.ports),
    ]),
  );
}

/** Where the pair is isolated, the ports that its policies can tell apart; else one that nobody mentions. */
function portsForPair(
  pair: PairExpectation,
  destination: Pod | undefined,
  known: { plan: PortPlan; items: ReadonlyMap<string, readonly PortItem[]> },
): readonly PortOfInterest[] {
  const own = (destination?.ports ?? []).map(({ port }) => port);
  const numbers = new Set(known.plan.unmentioned === undefined ? [] : [known.plan.unmentioned]);
  const deciding = [pair.decision.egress, pair.decision.ingress].flatMap((direction) =>
    direction.kind === "isolated" ? direction.by : [],
  );
  for (const { namespace, name } of deciding) {
    for (const item of known.items.get(`${namespace}/${name}`) ?? []) {
      for (const port of item.kind === "name" ? numbersOf(item.name, destination, known.plan) : boundaries(item)) {
        numbers.add(port);
      }
    }
  }
  for (const port of deciding.length > 0 ? own : own.slice(0, 1)) numbers.add(port);
  if (numbers.size === 0) for (const { port } of known.plan.probed.slice(0, 1)) numbers.add(port);
  return [...numbers].flatMap((port) => PROBED.map((protocol) => ({ protocol, port })));
}

const PROBED: readonly Protocol[] = ["TCP", "UDP"];

/** What a name means on this pod, and what it means on others. */
function numbersOf(name: string, destination: Pod | undefined, plan: PortPlan): readonly number[] {
  const own = (destination?.ports ?? []).filter((port) => port.name === name).map(({ port }) => port);
  return [...own, ...plan.named.filter((named) => named.name === name).flatMap(({ numbers }) => numbers)];
}

/** The first that is denied, the first that is allowed, then the other denied, then the rest. */
function byInterest(rows: readonly PlannedConnection[]): readonly PlannedConnection[] {
  const denied = rows.filter(({ expectation }) => expectation === "deny");
  const others = rows.filter(({ expectation }) => expectation !== "deny");
  return [...denied.slice(0, 1), ...others.slice(0, 1), ...denied.slice(1), ...others.slice(1)];
}

/** What was asked for, then one row of each pair in turn, until the budget is used. */
function withinBudget(
  rows: readonly (readonly PlannedConnection[])[],
  { maxProbes, required = new Set() }: ConnectionOptions,
): { kept: readonly PlannedConnection[]; left: number } {
  const asked = rows.flat().filter(({ probe: { id } }) => required.has(id));
  const turns = Math.max(0, ...rows.map((own) => own.length));
  const inTurn = Array.from({ length: turns }, (_, turn) => rows.flatMap((own) => own[turn] ?? [])).flat();
  const all = [...new Set([...asked, ...inTurn])];
  const kept = all.slice(0, Math.max(maxProbes, asked.length));
  return { kept, left: all.length - kept.length };
}

function planCanaryRows(
  table: Table,
  state: ClusterState,
  { canary }: Pick<ConnectionOptions, "canary">,
): readonly PlannedConnection[] {
  const on: PortOfInterest = { protocol: "TCP", port: canary.port };
  const end = (name: string): End | undefined =>
    state.pods.filter((pod) => pod.namespace === canary.namespace && pod.name === name).flatMap(insideEnd)[0];
  const row = ([from, to]: Differential["open"]): PlannedConnection[] => {
    const [source, destination] = [end(from), end(to)];
    return source && destination ? [table.row(source, destination, { on, purpose: "canary" })] : [];
  };
  return [canary.ingress, canary.egress].flatMap(({ open, blocked }) => [...row(open), ...row(blocked)]);
}

/** A pod that no policy isolates talks with every address outside: so that a silence there is no silence of the host. */
function planControls(
  table: Table,
  state: ClusterState,
  { canary, outside }: Pick<ConnectionOptions, "canary"> & { outside: readonly End[] },
): readonly PlannedConnection[] {
  const [free] = state.pods
    .filter((pod) => pod.namespace === canary.namespace && pod.name === canary.ingress.open[0])
    .flatMap(insideEnd);
  if (free === undefined) return [];
  const on: PortOfInterest = { protocol: "TCP", port: canary.port };
  return outside.map((host) => table.row(free, host, { on, purpose: "control" }));
}

/** How many of the connections would show each fault model that the engine knows. */
function adequacy(
  state: ClusterState,
  connections: readonly PlannedConnection[],
  ends: ReadonlyMap<string, End>,
): ProofPlan["adequacy"] {
  return SEMANTIC_FAULTS.map((fault) => {
    const faulty = createExpectation(state, { fault });
    const witnesses = connections.filter(({ from, to, probe: { protocol, port }, expectation }) => {
      const [source, destination] = [ends.get(from), ends.get(to)];
      if (source === undefined || destination === undefined || expectation === "unspecified") return false;
      return faulty.connection(source.endpoint, destination.endpoint, { protocol, port }).kind !== expectation;
    });
    return { fault, witnesses: witnesses.map(({ probe: { id } }) => id) };
  });
}

import { isUserError } from "./errors/index.ts";
import { type ApiClient, type Json, type ProbePod, Stage, type StageOptions } from "./kubernetes/index.ts";
import { type Clock, Observer, type Progress, SourcePorts, type Timing, type Wish } from "./observation/index.ts";
import {
  type Canary,
  type PlannedConnection,
  type ProofPlan,
  planCanary,
  planConnections,
  planTopology,
  type Topology,
  type TopologyOptions,
} from "./plan/index.ts";
import { buildRecord, type RunRecord } from "./report/index.ts";
import { type Intent, type Manifests, type NetworkPolicy, showPlace } from "./snapshot/index.ts";
import { type Finding, judgeProof, PHASES, type Phases } from "./verdict/index.ts";

export interface ProveOptions {
  readonly runId: string;
  /** The run's key, 64 hex digits. */
  readonly key: string;
  readonly toolVersion: string;
  readonly image: string;
  readonly clock: Clock;
  readonly timing: Timing;
  readonly readyTimeoutMs: number;
  readonly maxProbes: number;
  readonly onLeftover: StageOptions["onLeftover"];
  readonly onProgress: (step: string, done?: number, total?: number) => void;
}

/** What is to be proven, and on which stage. */
export interface ProofRequest {
  readonly manifests: Manifests;
  /** What must and must not connect. */
  readonly intent: Intent;
  readonly topology: Topology;
  readonly canary: Canary;
}

/** Draws up the stage of a proof from the files alone. Throws a UserError where the intent names what is not there. */
export function prepareProof(manifests: Manifests, intent: Intent, limits: TopologyOptions): ProofRequest {
  const topology = planTopology(manifests, intent, limits);
  return { manifests, intent, topology, canary: planCanary(topology) };
}

/** The cluster on which a proof runs. */
export interface ProofCluster {
  readonly client: ApiClient;
  readonly facts: RunRecord["cluster"];
}

/** Proves policies by experiment: without them everything connects, with them just what they allow, and without them all again. */
export async function prove(
  cluster: ProofCluster,
  request: ProofRequest,
  options: ProveOptions,
  signal: AbortSignal,
): Promise<RunRecord> {
  const watch = new Stopwatch(options.clock);
  const { manifests, topology, canary } = request;
  const policies: readonly Json[] = [...manifests.policies.map(({ object }) => object), ...canary.policies];

  options.onProgress("making pods");
  await using stage = await Stage.open(
    cluster.client,
    stageSpec(topology, canary),
    stageOptions(options, cluster),
    signal,
  );
  watch.lap("pods");
  const previewed = await stage.previewPolicies(policies, signal);
  const plan = planProof(stage, previewed, { request, maxProbes: options.maxProbes });
  watch.lap("plan");

  const observer = new Observer(stage.agents, options.key, { ...options, ports: sourcePorts(topology) });
  const experiment: Experiment = { stage, observer, plan, policies, options, watch };
  const phases = await runPhases(experiment, signal);
  const findings = [
    ...storedFindings(manifests, previewed, phases.stored),
    ...lostFindings(phases),
    ...(phases.broken === undefined ? [] : [{ kind: "inconclusive" as const, what: phases.broken }]),
  ];
  const judged = judgeProof(plan, phases, findings);
  const [agent] = stage.agents.values();
  return buildRecord(plan, phases, judged, {
    run: {
      id: options.runId,
      tool: { version: options.toolVersion },
      ...(agent === undefined ? {} : { agent: { version: agent.version } }),
      timings: watch.laps,
    },
    startedAt: watch.startedAt,
    finishedAt: options.clock.now(),
    cluster: cluster.facts,
    manifests,
    topology,
    pods: stage.state.pods,
    ...(phases.appliedAt === undefined ? {} : { appliedAt: phases.appliedAt }),
    warnings: manifests.warnings.map(({ place, message }) => `${showPlace(place)}: ${message}`),
  });
}

interface Experiment {
  readonly stage: Stage;
  readonly observer: Observer;
  readonly plan: ProofPlan;
  readonly policies: readonly Json[];
  readonly options: ProveOptions;
  readonly watch: Stopwatch;
}

interface Course extends Phases {
  readonly stored: readonly NetworkPolicy[];
  readonly appliedAt?: number;
  /** Why it ended before its end. */
  readonly broken?: string;
}

/** The three phases. Where the cluster fails on the way, what was seen until then is kept and judged. */
async function runPhases(experiment: Experiment, signal: AbortSignal): Promise<Course> {
  const { stage, observer, plan, policies, options, watch } = experiment;
  const course: { -readonly [Key in keyof Course]: Course[Key] } = { stored: [] };
  const report = (step: string) => (progress: Progress) => options.onProgress(step, progress.settled, progress.total);
  const open = wishes(plan, ({ expectation }) => (expectation === "unspecified" ? "either" : "open"));
  try {
    course.baseline = await observer.observe(
      { wanted: open, until: "success", onProgress: report("baseline") },
      signal,
    );
    watch.lap("baseline");
    options.onProgress("applying policies");
    course.stored = await stage.applyPolicies(policies, signal);
    course.appliedAt = options.clock.now();
    course.enforced = await observer.observe(
      {
        wanted: wishes(plan, expectedWish),
        until: "stability",
        heralds: heralds(plan),
        onProgress: report("enforced"),
      },
      signal,
    );
    watch.lap("enforced");
    await stage.removePolicies(policies, signal);
    course.restored = await observer.observe(
      { wanted: open, until: "success", onProgress: report("restored") },
      signal,
    );
    watch.lap("restored");
  } catch (error) {
    signal.throwIfAborted();
    if (!isUserError(error)) throw error;
    course.broken = error.message;
  }
  return course;
}

function planProof(
  stage: Stage,
  policies: readonly NetworkPolicy[],
  { request, maxProbes }: { request: ProofRequest; maxProbes: number },
): ProofPlan {
  const { topology, canary, intent } = request;
  const outside =
    topology.outside.length > 0 ? { party: outsideParty(canary), addresses: topology.outside } : undefined;
  return planConnections(
    { state: { ...stage.state, policies }, ...(outside === undefined ? {} : { outside }) },
    { ports: topology.ports, canary, maxProbes, intent },
  );
}

const OUTSIDE_POD = "outside";
const DEADLINE_SECONDS = 600;
const HEARTBEAT_MS = 2000;

function outsideParty({ namespace }: Canary): string {
  return `${namespace}/${OUTSIDE_POD}`;
}

function stageSpec(topology: Topology, canary: Canary): { namespaces: Topology["namespaces"]; pods: ProbePod[] } {
  const { probed, health } = topology.ports;
  const numbers = [...new Set([...probed.map(({ port }) => port), canary.port])];
  const common = { listen: { TCP: numbers, UDP: numbers }, healthPort: health };
  const outside: ProbePod[] =
    topology.outside.length === 0
      ? []
      : [
          {
            ...common,
            namespace: canary.namespace,
            name: OUTSIDE_POD,
            labels: {},
            ports: [],
            outsideAddresses: topology.outside,
          },
        ];
  return {
    namespaces: [...topology.namespaces, { name: canary.namespace, labels: {} }],
    pods: [...[...topology.pods, ...canary.pods].map((pod) => ({ ...common, ...pod })), ...outside],
  };
}

function stageOptions(options: ProveOptions, { facts }: ProofCluster): StageOptions {
  return {
    ...options,
    isEphemeral: facts.kind === "lab",
    deadlineSeconds: DEADLINE_SECONDS,
    heartbeatMs: HEARTBEAT_MS,
  };
}

function sourcePorts({ ports }: Topology): SourcePorts {
  return new SourcePorts([...ports.probed.map(({ port }) => port), ports.health]);
}

function wishes(plan: ProofPlan, wish: (connection: PlannedConnection) => Wish) {
  return plan.connections.map((connection) => ({ probe: connection.probe, wish: wish(connection) }));
}

function expectedWish({ expectation }: PlannedConnection): Wish {
  switch (expectation) {
    case "allow":
      return "open";
    case "deny":
      return "blocked";
    case "unspecified":
      return "either";
  }
}

function heralds({ connections }: ProofPlan): readonly string[] {
  return connections
    .filter(({ purpose, expectation }) => purpose === "canary" && expectation === "deny")
    .map(({ probe }) => probe.id);
}

/** The expectations rest on what the server stores: it must be what the files mean, and stay so. */
function* storedFindings(
  manifests: Manifests,
  previewed: readonly NetworkPolicy[],
  stored: readonly NetworkPolicy[],
): Iterable<Finding> {
  for (const [index, { policy, place }] of manifests.policies.entries()) {
    const name = `${policy.namespace}/${policy.name}`;
    if (JSON.stringify(previewed[index]) !== JSON.stringify(policy)) {
      yield {
        kind: "failed",
        what: `the server stores ${name} (${place.file}:${place.line}) with another meaning than its file has`,
      };
    } else if (stored[index] !== undefined && JSON.stringify(stored[index]) !== JSON.stringify(policy)) {
      yield { kind: "inconclusive", what: `the server stored ${name} with another meaning than it had announced` };
    }
  }
}

function* lostFindings(phases: Phases): Iterable<Finding> {
  const lost = new Map(PHASES.flatMap((name) => Object.entries(phases[name]?.lost ?? {})));
  const byReason = new Map<string, string[]>();
  for (const [party, reason] of lost) byReason.set(reason, [...(byReason.get(reason) ?? []), party]);
  for (const [reason, parties] of byReason) {
    const what =
      parties.length === 1
        ? `the session with ${parties[0]} was`
        : `${parties.length} sessions, such as with ${parties[0]}, were`;
    yield { kind: "inconclusive", what: `${what} lost: ${reason}` };
  }
}

/** How long each step took. */
class Stopwatch {
  readonly startedAt: number;
  readonly laps: Record<string, number> = {};
  readonly #clock: Clock;
  #last: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.startedAt = clock.now();
    this.#last = this.startedAt;
  }

  lap(name: string): void {
    const now = this.#clock.now();
    this.laps[name] = Math.round(now - this.#last);
    this.#last = now;
  }
}

import { runPhases } from "./course.ts";
import {
  type ApiClient,
  type ForeignPolicies,
  type Json,
  type PolicyKind,
  readRealPods,
  Stage,
  type StageOptions,
} from "./kubernetes/index.ts";
import { type Clock, Observer, SourcePorts, Stopwatch, type Timing } from "./observation/index.ts";
import {
  type Canary,
  countRealPods,
  type Placement,
  planCanary,
  planConnections,
  planStage,
  planTopology,
  runNames,
  type StagePlan,
  type Topology,
  type TopologyOptions,
} from "./plan/index.ts";
import { buildRecord, type RunRecord } from "./report/index.ts";
import { type Intent, type Manifests, showPlace } from "./snapshot/index.ts";
import {
  addedFindings,
  changedFindings,
  foreignFindings,
  judgeProof,
  lostFindings,
  occupiedFindings,
  storedFindings,
} from "./verdict/index.ts";

/** What is to be proven, and on which stage. */
export interface ProofRequest {
  readonly runId: string;
  readonly manifests: Manifests;
  /** What must and must not connect. */
  readonly intent: Intent;
  readonly topology: Topology;
  readonly canary: Canary;
  readonly stage: StagePlan;
}

/** The cluster on which a proof runs. */
export interface ProofCluster {
  readonly client: ApiClient;
  readonly facts: Omit<RunRecord["cluster"], "families">;
  readonly warnings: readonly string[];
  readonly policyKinds: readonly PolicyKind[];
  /** How to bring the probe image to it. */
  readonly imageHint: string;
}

export interface ProveOptions {
  /** The run's key, 64 hex digits. */
  readonly key: string;
  readonly toolVersion: string;
  readonly image: string;
  readonly imagePullSecret?: string;
  readonly clock: Clock;
  readonly timing: Timing;
  readonly readyTimeoutMs: number;
  /** After this the pods and their agents end by themselves, however the run went. */
  readonly deadlineSeconds: number;
  readonly maxProbes: number;
  /** The most entries to take of a node's neighbour table. */
  readonly maxNeighbours: number;
  readonly onLeftover: StageOptions["onLeftover"];
  readonly onProgress: (step: string, done?: number, total?: number) => void;
}

const NO_POLICIES: ForeignPolicies = { own: [], understood: [], unknown: [], unseen: [] };

/** A session that is silent for three of these is lost: a node under load may well be slow. */
const HEARTBEAT_MS = 4000;

/** Draws up the stage of a proof from the files alone. Throws a UserError where the intent names what is not there. */
export function prepareProof(
  manifests: Manifests,
  intent: Intent,
  { placement, runId, ...limits }: TopologyOptions & { readonly placement: Placement; readonly runId: string },
): ProofRequest {
  const topology = planTopology(manifests, intent, limits);
  const canary = planCanary(topology, placement);
  return { runId, manifests, intent, topology, canary, stage: planStage(manifests, topology, canary, placement) };
}

/** Proves policies by experiment: without them everything connects, with them just what they allow, and without them all again. */
export async function prove(
  cluster: ProofCluster,
  request: ProofRequest,
  options: ProveOptions,
  signal: AbortSignal,
): Promise<RunRecord> {
  const watch = new Stopwatch(options.clock);
  const { runId, manifests, intent, topology, canary } = request;
  const placement = request.stage.placement.kind;
  const target = request.stage.placement.kind === "within" ? request.stage.placement.namespace : undefined;
  const own = manifests.policies.map(({ policy }) => policy);
  const policies: readonly Json[] = [...request.stage.policies.map(({ object }) => object), ...canary.policies];

  options.onProgress("making pods");
  await using stage = await Stage.open(cluster.client, request.stage, stageOptions(options, cluster, request), signal);
  watch.lap("pods");
  const [previewed, foreign = NO_POLICIES, real] = await Promise.all([
    stage.previewPolicies(policies, signal),
    stage.foreignPolicies(signal),
    placement === "own-cluster" ? undefined : readRealPods(cluster.client, signal),
  ]);
  const { maxProbes, maxNeighbours } = options;
  const plan = planConnections(
    {
      state: { ...stage.state, policies: [...previewed, ...foreign.understood] },
      onLink: new Map([...stage.agents].map(([party, agent]) => [party, agent.onLink])),
      withoutSctp: new Set([...stage.agents].filter(([, agent]) => agent.lacks("SCTP")).map(([party]) => party)),
      outside: request.stage.outside,
      externals: request.stage.externals,
      services: stage.services.filter((service) => "addresses" in service),
      foreign: foreign.unknown,
    },
    { ...topology, canary, maxProbes, maxNeighbours, intent, workloads: request.stage.workloads },
  );
  watch.lap("plan");

  const ports = new SourcePorts(request.stage.listeners);
  const observer = new Observer(stage.agents, options.key, { ...options, ports });
  const course = await runPhases({ stage, observer, plan, policies }, { ...options, watch }, signal);

  const findings = [
    ...storedFindings(request.stage, previewed, course.stored),
    ...lostFindings(course),
    ...(placement === "throwaway" ? addedFindings(foreign) : []),
    ...(target === undefined ? [] : occupiedFindings(target, foreign, course.baseline)),
    ...foreignFindings(foreign, course.foreign),
    ...changedFindings(course.changed),
    ...(course.broken === undefined ? [] : [{ kind: "inconclusive" as const, what: course.broken }]),
  ];
  const { appliedAt, enforcedUntil } = course;
  const waited = appliedAt === undefined || enforcedUntil === undefined ? {} : { waitedMs: enforcedUntil - appliedAt };
  const judged = judgeProof({ ...plan, foreign: [...plan.foreign, ...course.changed] }, course, {
    policies: own,
    unplaced: topology.unplaced,
    findings,
    nodes: nodesOf(stage),
    ...waited,
  });
  const refused = stage.services.filter((service) => "reason" in service);
  return buildRecord(plan, course, judged, {
    run: { id: runId, tool: { version: options.toolVersion }, ...agentFacts(stage), timings: watch.laps },
    startedAt: watch.startedAt,
    finishedAt: options.clock.now(),
    cluster: { ...cluster.facts, families: familiesOf(stage) },
    manifests,
    topology: {
      ...topology,
      notTested: [...topology.notTested, ...request.stage.notTested, ...refused],
    },
    pods: stage.state.pods,
    namespaces: stage.namespaces,
    realPods: real && countRealPods(own, real),
    appliedAt,
    warnings: [
      ...cluster.warnings,
      ...(target === undefined ? [] : foreign.understood).map(
        ({ name }) => `NetworkPolicy ${target}/${name} is not of this run, and joins what is expected`,
      ),
      ...foreign.unseen.map(
        (kind) => `objects of kind ${kind} may not be listed: one that touches the run would not be noticed`,
      ),
      ...manifests.warnings.map(({ place, message }) => `${showPlace(place)}: ${message}`),
    ],
  });
}

function stageOptions(options: ProveOptions, cluster: ProofCluster, { runId, stage }: ProofRequest): StageOptions {
  const { facts, imageHint, policyKinds } = cluster;
  const { clock, key, deadlineSeconds } = options;
  return {
    ...options,
    runId,
    imageHint,
    policyKinds,
    names: runNames(stage, runId),
    nodes: facts.nodes,
    agent: { clock, key, deadlineMs: deadlineSeconds * 1000, heartbeatMs: HEARTBEAT_MS },
  };
}

function nodesOf({ state }: Stage): ReadonlyMap<string, string> {
  return new Map(
    state.pods.flatMap(({ namespace, name, node }) => (node ? [[`${namespace}/${name}`, node] as const] : [])),
  );
}

function familiesOf({ state }: Stage): RunRecord["cluster"]["families"] {
  const isIpv6 = new Set(state.pods.flatMap(({ addresses }) => addresses.map((address) => address.includes(":"))));
  return [...(isIpv6.has(false) ? (["IPv4"] as const) : []), ...(isIpv6.has(true) ? (["IPv6"] as const) : [])];
}

function agentFacts({ agents }: Stage): Pick<RunRecord["run"], "agent"> {
  const [agent] = agents.values();
  return agent === undefined ? {} : { agent: { version: agent.version } };
}

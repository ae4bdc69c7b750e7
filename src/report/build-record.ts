import { createHash } from "node:crypto";
import type { Attempt, ProbeTrace } from "../observation/index.ts";
import { findGaps, type ProofPlan, type Topology } from "../plan/index.ts";
import type { Manifests, Pod, PolicyManifest } from "../snapshot/index.ts";
import { type JudgedConnection, type JudgedProof, PHASES, type Phases } from "../verdict/index.ts";
import { passedOver } from "./passed-over.ts";
import type { RecordedAttempt, RecordedConnection, RecordedPhase, RecordedPolicy, RunRecord } from "./record.ts";

export interface RunFacts {
  readonly run: Omit<RunRecord["run"], "startedAt" | "finishedAt" | "command">;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly cluster: RunRecord["cluster"];
  readonly manifests: Manifests;
  readonly topology: Topology;
  readonly pods: readonly Pod[];
  readonly namespaces: NonNullable<RunRecord["namespaces"]>;
  readonly realPods: RunRecord["realPods"];
  /** When the API server had taken the last of the policies. */
  readonly appliedAt: number | undefined;
  readonly warnings: readonly string[];
}

/** Everything that is known of a proof, as one document. */
export function buildRecord(plan: ProofPlan, phases: Phases, judged: JudgedProof, facts: RunFacts): RunRecord {
  const nodes = new Map(facts.pods.map((pod) => [`${pod.namespace}/${pod.name}`, pod.node]));
  const all = [...judged.connections, ...judged.supporting];
  const convergence = measureConvergence(phases, facts.appliedAt);
  return {
    schemaVersion: 1,
    run: {
      ...facts.run,
      command: "prove",
      startedAt: isoTime(facts.startedAt),
      finishedAt: isoTime(facts.finishedAt),
    },
    cluster: facts.cluster,
    namespaces: facts.namespaces,
    policies: facts.manifests.policies.map(recordPolicy),
    ...(facts.realPods === undefined ? {} : { realPods: facts.realPods }),
    classes: recordClasses(plan, facts.topology),
    decisions: plan.decisions,
    pairs: plan.pairs.map(({ from, to, allowed }) => ({ source: from, destination: to, allowed })),
    connections: all.map((connection) => recordConnection(connection, nodes, facts.startedAt)),
    gaps: findGaps(facts.manifests),
    notTested: [...facts.topology.notTested, ...plan.notTested, ...passedOver(facts.manifests)],
    warnings: facts.warnings,
    ...(convergence === undefined ? {} : { convergence }),
    canary: judged.canary,
    requirements: judged.requirements,
    adequacy: plan.adequacy.map(({ fault, witnesses }) => ({ fault, witnesses: witnesses.length })),
    ...(judged.diagnosis === undefined ? {} : { diagnosis: judged.diagnosis }),
    outcome: judged.outcome,
  };
}

function recordPolicy({ policy, object, place, rulePlaces }: PolicyManifest): RecordedPolicy {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    namespace: policy.namespace,
    name: policy.name,
    digest: `sha256:${createHash("sha256")
      .update(canonicalJson(object.spec ?? {}))
      .digest("hex")}`,
    file: place.file,
    line: place.line,
    ruleLines: {
      ingress: rulePlaces.ingress.map(({ line }) => line),
      egress: rulePlaces.egress.map(({ line }) => line),
    },
  };
}

function recordClasses({ isolation }: ProofPlan, { pods }: Topology): RunRecord["classes"] {
  const known = new Map(isolation.map((pod) => [pod.name, pod]));
  return pods.flatMap(({ namespace, name, labels, role, why }) => {
    const id = `${namespace}/${name}`;
    const pod = known.get(id);
    if (pod === undefined) return [];
    const { isolated, ipBlocks } = pod;
    const hasBlocks = ipBlocks.ingress.length + ipBlocks.egress.length > 0;
    const workloads = role === "workload" ? [why] : [];
    return [{ id, namespace, workloads, labels, pods: [id], role, why, isolated, ...(hasBlocks ? { ipBlocks } : {}) }];
  });
}

function recordConnection(
  { planned, traces, seen, verdict }: JudgedConnection,
  nodes: ReadonlyMap<string, string | undefined>,
  startedAt: number,
): RecordedConnection {
  const { id, protocol, port, address, source, destination } = planned.probe;
  const reason = "because" in verdict ? verdict.because : "reason" in verdict ? verdict.reason : undefined;
  const phases = PHASES.flatMap((name) => {
    const trace = traces[name];
    if (trace === undefined) return [];
    return [[name, recordPhase(trace, seen[name]?.kind ?? "failed", startedAt)] as const];
  });
  return {
    id,
    source: planned.from,
    destination: planned.to,
    protocol,
    port,
    family: address.includes(":") ? "IPv6" : "IPv4",
    path: pathOf(planned, nodes.get(source), nodes.get(destination)),
    purpose: planned.purpose,
    expectation: planned.expectation,
    ...(planned.deniedBy.length > 0 ? { deniedBy: planned.deniedBy } : {}),
    decision: planned.decision,
    phases: Object.fromEntries(phases),
    verdict: verdict.kind,
    ...(reason === undefined ? {} : { reason }),
  };
}

function pathOf(
  { from, to, probe }: JudgedConnection["planned"],
  sourceNode: string | undefined,
  destinationNode: string | undefined,
): RecordedConnection["path"] {
  if (probe.through !== undefined) return "service";
  if (from !== probe.source || to !== probe.destination) return "outside";
  return sourceNode === destinationNode ? "same-node" : "cross-node";
}

function recordPhase({ attempts }: ProbeTrace, kind: string, startedAt: number): RecordedPhase {
  const times = attempts.map(({ at }) => at);
  const silence = attempts.findLast(
    ({ outcome }) => outcome === "refused" || outcome === "unreachable" || outcome === "timed-out",
  );
  return {
    observation: kind === "blocked" ? (silence?.outcome ?? kind) : kind,
    attempts: attempts.map((attempt) => recordAttempt(attempt, startedAt)),
    firstAt: isoTime(Math.min(...times)),
    lastAt: isoTime(Math.max(...times)),
  };
}

function recordAttempt(attempt: Attempt, startedAt: number): RecordedAttempt {
  const { round, at, outcome, ms, late, arrivedAt, cause, answeredBy, seenAs } = attempt;
  return {
    round,
    at: rounded(at - startedAt),
    outcome,
    ms: rounded(ms),
    ...(late ? { late } : {}),
    ...(arrivedAt === undefined ? {} : { arrived: true }),
    ...(cause === undefined ? {} : { cause }),
    ...(answeredBy === undefined ? {} : { answeredBy }),
    ...(seenAs === undefined ? {} : { seenAs }),
  };
}

/** As fine as the rounds: a connection became what it is when the first attempt of that kind began. */
function measureConvergence({ enforced }: Phases, appliedAt: number | undefined): RunRecord["convergence"] {
  if (enforced === undefined || appliedAt === undefined) return undefined;
  const blocked = enforced.traces.filter(({ wish, settledAt }) => wish === "blocked" && settledAt !== undefined);
  const since = blocked.flatMap(({ attempts }) => {
    const lastOpen = attempts.findLastIndex(({ outcome }) => outcome === "connected");
    const first = attempts[lastOpen + 1];
    return first === undefined ? [] : [Math.max(0, rounded(first.at - appliedAt))];
  });
  if (since.length === 0) return {};
  return { firstEffectMs: Math.min(...since), stableMs: Math.max(...since) };
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}

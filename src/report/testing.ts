import type { DirectionDecision } from "../expectation/index.ts";
import type { RecordedConnection, RunRecord } from "./record.ts";

const NOTHING = { TCP: [], UDP: [], SCTP: [] } as const;
const SQL = { TCP: [[5432, 5432]], UDP: [], SCTP: [] } as const;
const EVERYTHING = { TCP: [[1, 65_535]], UDP: [[1, 65_535]], SCTP: [[1, 65_535]] } as const;

/** A record of a proof of one policy in a shop of three. */
export function record(more: Partial<RunRecord>): RunRecord {
  const pod = { namespace: "shop", pods: [], labels: {}, role: "workload" };
  return {
    schemaVersion: 1,
    run: {
      id: "0a1b2c3d",
      command: "prove",
      startedAt: "2026-01-02T03:04:05.000Z",
      finishedAt: "2026-01-02T03:04:07.500Z",
      tool: { version: "1.2.3" },
      timings: { pods: 700, baseline: 100, enforced: 1500, restored: 200 },
    },
    cluster: { kind: "lab", version: "1.2.3", nodes: ["node1", "node2"], families: ["IPv4"] },
    policies: [
      {
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        namespace: "shop",
        name: "db",
        digest: `sha256:${"0".repeat(64)}`,
        file: "policies/db.yaml",
        line: 3,
        ruleLines: { ingress: [12], egress: [] },
      },
    ],
    classes: [
      { ...pod, id: "shop/web", workloads: ["Deployment shop/web"], why: "Deployment shop/web", isolated: [] },
      { ...pod, id: "shop/api", workloads: ["Deployment shop/api"], why: "Deployment shop/api", isolated: [] },
      { ...pod, id: "shop/db", workloads: ["StatefulSet shop/db"], why: "StatefulSet shop/db", isolated: ["ingress"] },
    ],
    decisions: [
      { egress: { kind: "not-isolated" }, ingress: isolated([]) },
      { egress: { kind: "not-isolated" }, ingress: isolated([{ rule: 0, peer: 0, port: 0, ports: SQL }]) },
    ],
    pairs: [
      { source: "shop/web", destination: "shop/db", allowed: NOTHING },
      { source: "shop/api", destination: "shop/db", allowed: SQL },
      { source: "elsewhere/unlabelled", destination: "shop/db", allowed: NOTHING },
      { source: "shop/db", destination: "shop/web", allowed: EVERYTHING },
    ],
    connections: [
      connection("shop/web > shop/db 5432/TCP", "deny", {}),
      connection("shop/api > shop/db 5432/TCP", "allow", {}),
    ],
    gaps: {
      unselectedWorkloads: ["shop/web", "shop/api"],
      deadSelectors: ["egress rule 1 of shop/api: podSelector app=dbb"],
    },
    notTested: [],
    warnings: [],
    convergence: { firstEffectMs: 20, stableMs: 120 },
    canary: { ingress: { enforcement: "enforced" }, egress: { enforcement: "enforced" } },
    requirements: [],
    adequacy: [
      { fault: "ingress-not-enforced", witnesses: 1 },
      { fault: "egress-not-enforced", witnesses: 0 },
    ],
    outcome: {
      result: "proven",
      exitCode: 0,
      reasons: [],
      counts: { conforms: 2, leaks: 0, overblocks: 0, inconclusive: 0, unspecified: 0 },
    },
    ...more,
  };
}

type Allow = Extract<DirectionDecision, { kind: "isolated" }>["allows"][number];

function isolated(allows: readonly Omit<Allow, "policy">[]): DirectionDecision {
  const policy = { namespace: "shop", name: "db" };
  return { kind: "isolated", by: [policy], allows: allows.map((allow) => ({ policy, ...allow })) };
}

/** A connection as `source > destination port/PROTOCOL`. */
export function connection(
  id: string,
  expectation: "allow" | "deny",
  more: Partial<RecordedConnection>,
): RecordedConnection {
  const [source = "", destination = "", , port = "0"] = /^(\S+) > (\S+) ((\d+)\/\w+)$/.exec(id)?.slice(1) ?? [];
  return {
    id,
    source,
    destination,
    protocol: "TCP",
    port: Number(port),
    family: "IPv4",
    path: "same-node",
    purpose: "policies",
    expectation,
    ...(expectation === "deny" ? { deniedBy: ["ingress"] } : {}),
    decision: expectation === "deny" ? 0 : 1,
    phases: {},
    verdict: "conforms",
    ...more,
  };
}

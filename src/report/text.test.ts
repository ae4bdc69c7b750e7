import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { DirectionDecision } from "../expectation/index.ts";
import { renderJson } from "./json.ts";
import type { RecordedConnection, RunRecord } from "./record.ts";
import { renderText } from "./text.ts";

const PLAIN = { good: same, bad: same, unsure: same, heading: same };
const NOTHING = { TCP: [], UDP: [], SCTP: [] } as const;
const SQL = { TCP: [[5432, 5432]], UDP: [], SCTP: [] } as const;
const EVERYTHING = { TCP: [[1, 65_535]], UDP: [[1, 65_535]], SCTP: [[1, 65_535]] } as const;

describe("the report for people", () => {
  it("of a proof begins with the answer and says who is isolated from whom", () => {
    golden("proven.txt", text(record({})));
  });

  it("of a failure names each wrong connection with policy, rule and line", () => {
    const connections = [
      connection("shop/web > shop/db 5432/TCP", "deny", { verdict: "leaks", reason: "it connects" }),
      connection("shop/api > shop/db 5432/TCP", "allow", {
        verdict: "overblocks",
        reason: "it is blocked (timed-out)",
      }),
    ];
    const counts = { conforms: 0, leaks: 1, overblocks: 1, inconclusive: 0, unspecified: 0 };
    const reasons = ["1 connection got through that the policies deny", "1 connection failed that the policies allow"];
    golden("failed.txt", text(record({ connections, outcome: { result: "failed", exitCode: 1, reasons, counts } })));
  });

  it("of a run without a verdict groups the reasons, and lists what was not tested", () => {
    const reason = "silent, but nothing showed that the network of shop/db works";
    const connections = ["shop/web", "shop/api"].map((source) =>
      connection(`${source} > shop/db 5432/TCP`, "deny", { verdict: "inconclusive", reason }),
    );
    const counts = { conforms: 0, leaks: 0, overblocks: 0, inconclusive: 2, unspecified: 0 };
    const outcome = {
      result: "inconclusive",
      exitCode: 3,
      reasons: ["nothing was shown to be blocked"],
      counts,
    } as const;
    const notTested = [{ what: "SCTP", reason: "not probed by this version" }];
    const warnings = ["p.yaml:8:5: spec.ingress[0].from: an empty list allows everybody"];
    const requirements = [
      {
        text: "deny shop/web > shop/db",
        place: "intent.yaml:4:3",
        result: "unproven",
        reasons: [`shop/web > shop/db 5432/TCP: ${reason}`],
      },
    ] as const;
    golden("inconclusive.txt", text(record({ connections, outcome, notTested, requirements, warnings })));
  });

  it("shows text from outside without its control characters", () => {
    const notTested = [{ what: "a\u001b[31mred\u202eevil", reason: "line\nbreak" }];
    const shown = text(record({ notTested }));
    expect(shown).toContain("a\\u{1b}[31mred\\u{202e}evil: line\\u{a}break");
  });

  it("fits a narrow terminal", () => {
    const wide = Array.from({ length: 30 }, (_, index) =>
      connection(`shop/pod-${index} > shop/db 5432/TCP`, "deny", {}),
    );
    const shown = text(record({ connections: wide }), 60);
    const matrix = shown.slice(shown.indexOf("Matrix")).split("\n").slice(1, 10);
    expect(Math.max(...matrix.map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(shown).toMatch(/… and \d+ more ends/);
  });
});

it("the record as JSON is the record", () => {
  const own = record({});
  expect(JSON.parse([...renderJson(own)].join(""))).toEqual(own);
});

function text(run: RunRecord, width = 100): string {
  return [...renderText(run, { width, paint: PLAIN })].join("");
}

function record(more: Partial<RunRecord>): RunRecord {
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

function connection(id: string, expectation: "allow" | "deny", more: Partial<RecordedConnection>): RecordedConnection {
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

/** Compares with a file; UPDATE_GOLDEN=1 writes it anew. */
function golden(name: string, actual: string): void {
  const file = join(import.meta.dirname, "golden", name);
  if (process.env.UPDATE_GOLDEN === "1") writeFileSync(file, actual);
  expect(actual).toBe(readFileSync(file, "utf8"));
}

function same(value: string): string {
  return value;
}

import { describe, expect, it } from "vitest";
import type { PhaseObservation, ProbeTrace } from "../observation/index.ts";
import type { PlannedConnection, ProofPlan } from "../plan/index.ts";
import type { Finding } from "./findings.ts";
import { type JudgedProof, judgeProof, type Surroundings } from "./outcome.ts";
import { phase, planned, trace } from "./testing/traces.ts";

/** `late`: blocked in the last round only. */
type How = "blocked" | "open" | "lost" | "late";

const CANARY: readonly PlannedConnection[] = [
  planned("permitted > listener", "allow", { purpose: "canary" }),
  planned("denied > listener", "deny", { purpose: "canary", deniedBy: ["ingress"] }),
  planned("permitted > denied", "allow", { purpose: "canary" }),
  planned("confined > denied", "deny", { purpose: "canary", deniedBy: ["egress"] }),
];
const ENFORCING: Record<string, How> = {
  "permitted > listener": "open",
  "denied > listener": "blocked",
  "permitted > denied": "open",
  "confined > denied": "blocked",
};
const RULES = [planned("web > db", "deny"), planned("api > db", "allow")];
const GOOD: Record<string, How> = { "web > db": "blocked", "api > db": "open" };

describe("the outcome", () => {
  it("is proven where everything is as expected", () => {
    expect(prove(RULES, GOOD).outcome).toMatchObject({ result: "proven", exitCode: 0, reasons: [] });
  });

  it("is failed by one leak", () => {
    expect(prove(RULES, { ...GOOD, "web > db": "open" }).outcome).toMatchObject({ result: "failed", exitCode: 1 });
  });

  it("is failed by one overblock", () => {
    expect(prove(RULES, { ...GOOD, "api > db": "blocked" }).outcome).toMatchObject({ result: "failed", exitCode: 1 });
  });

  it("is inconclusive where a connection could not be judged", () => {
    expect(prove(RULES, { ...GOOD, "api > db": "lost" }).outcome).toMatchObject({
      result: "inconclusive",
      exitCode: 3,
    });
  });

  it("is failed rather than inconclusive where both hold", () => {
    expect(prove(RULES, { "web > db": "open", "api > db": "lost" }).outcome.exitCode).toBe(1);
  });

  it("is inconclusive where the policies deny nothing", () => {
    const { outcome } = prove([planned("api > db", "allow")], GOOD);
    expect(outcome).toMatchObject({ result: "inconclusive", exitCode: 3 });
    expect(outcome.reasons[0]).toMatch(/isolates nothing/);
  });

  it("is inconclusive where nothing of one policy was shown", () => {
    const { outcome } = prove(RULES, GOOD, { policies: [{ namespace: "shop", name: "idle" }] });
    expect(outcome).toMatchObject({ result: "inconclusive", exitCode: 3 });
    expect(outcome.reasons[0]).toMatch(/nothing of policy shop\/idle was shown/);
  });

  it("is inconclusive where nothing was tried at all", () => {
    expect(prove([], {}).outcome).toMatchObject({ exitCode: 3, reasons: ["nothing was shown to be blocked"] });
  });

  it("counts neither the canary nor the controls", () => {
    const { counts } = prove(RULES, GOOD).outcome;
    expect(counts).toEqual({ conforms: 2, leaks: 0, overblocks: 0, inconclusive: 0, unspecified: 0 });
  });

  it("is not swayed by what the API leaves open", () => {
    expect(prove([...RULES, planned("x > db", "unspecified")], { ...GOOD, "x > db": "open" }).outcome.exitCode).toBe(0);
  });
});

describe("the canary", () => {
  const BOTH_OPEN = { "denied > listener": "open", "confined > denied": "open" } as const;

  it("with both directions open means that nothing is enforced", () => {
    const { outcome } = prove(RULES, { ...GOOD, ...BOTH_OPEN, "web > db": "open" });
    expect(outcome).toMatchObject({ result: "not-enforced", exitCode: 4 });
    expect(outcome.reasons[0]).toMatch(/within 5\.0 s/);
  });

  it("with both directions open says nothing of the whole cluster where other connections were blocked", () => {
    const rules = [...RULES, planned("web > api", "deny")];
    const { outcome } = prove(rules, { ...GOOD, ...BOTH_OPEN, "web > api": "open" });
    expect(outcome).toMatchObject({ result: "failed", exitCode: 1 });
    expect(outcome.reasons.join()).not.toMatch(/does not enforce ingress/);
  });

  it("that is open makes a run inconclusive in which all else is blocked as it should be", () => {
    const { outcome } = prove(RULES, { ...GOOD, ...BOTH_OPEN });
    expect(outcome).toMatchObject({ result: "inconclusive", exitCode: 3 });
    expect(outcome.reasons.join()).toMatch(/canary.*ingress/);
  });

  it("that was blocked at times says nothing of the whole cluster", () => {
    const { canary, outcome } = prove(RULES, {
      "web > db": "open",
      "denied > listener": "late",
      "confined > denied": "late",
    });
    expect(canary).toMatchObject({ ingress: { enforcement: "unknown" }, egress: { enforcement: "unknown" } });
    expect(outcome.exitCode).toBe(1);
  });

  it("says nothing of a cluster that has had no time to enforce anything", () => {
    const open = { "web > db": "open", "denied > listener": "open", "confined > denied": "open" } as const;
    const { outcome } = prove(RULES, { ...GOOD, ...open }, { waitedMs: 1000 });
    expect(outcome).toMatchObject({ result: "inconclusive", exitCode: 3 });
    expect(outcome.reasons[0]).toMatch(/within 1\.0 s.*--timeout/);
  });

  it("with one direction open fails a run that rests on this direction", () => {
    const { outcome, canary } = prove(RULES, { ...GOOD, "web > db": "open", "denied > listener": "open" });
    expect(canary).toMatchObject({ ingress: { enforcement: "not-enforced" }, egress: { enforcement: "enforced" } });
    expect(outcome).toMatchObject({ result: "failed", exitCode: 1 });
    expect(outcome.reasons.join()).toMatch(/does not enforce ingress/);
  });

  it("with one direction open is a finding only where no connection rests on it", () => {
    const { outcome, canary } = prove(RULES, { ...GOOD, "confined > denied": "open" });
    expect(canary.egress.enforcement).toBe("not-enforced");
    expect(outcome.exitCode).toBe(0);
  });

  it("that cannot be judged makes a run inconclusive that rests on its direction: a broken network looks like isolation", () => {
    const { outcome } = prove(RULES, { ...GOOD, "permitted > listener": "lost" });
    expect(outcome).toMatchObject({ result: "inconclusive", exitCode: 3 });
    expect(outcome.reasons.join()).toMatch(/canary does not show that ingress is enforced/);
  });

  it("never says that nothing is enforced where its permitted client is silent as well", () => {
    const { outcome, canary } = prove(RULES, {
      ...GOOD,
      "permitted > listener": "lost",
      "denied > listener": "open",
      "confined > denied": "open",
    });
    expect(canary.ingress.enforcement).toBe("unknown");
    expect(outcome.exitCode).not.toBe(4);
  });

  it.each([
    { deniedBy: ["ingress"], exitCode: 0 },
    { deniedBy: ["ingress", "egress"], exitCode: 3 },
  ] as const)(
    "that policies of others open is needed where nothing is denied by one direction alone: $deniedBy",
    (row) => {
      const rules = [planned("web > db", "deny", { deniedBy: row.deniedBy }), planned("api > db", "allow")];
      const { outcome } = judgeProof(plan(rules), observed(rules, GOOD), {
        policies: [],
        unplaced: [],
        findings: [],
        nodes: new Map(),
      });
      expect(outcome.exitCode, outcome.reasons.join()).toBe(row.exitCode);
    },
  );

  it("never says that nothing is enforced where policies of others open it", () => {
    const { canary, outcome } = judgeProof(plan(RULES), observed(RULES, { "web > db": "open", "api > db": "open" }), {
      policies: [],
      unplaced: [],
      findings: [],
      nodes: new Map(),
    });
    expect(canary.ingress.enforcement).toBe("unknown");
    expect(outcome.exitCode).toBe(1);
  });
});

describe("findings and requirements", () => {
  it.each([
    { kind: "failed", exitCode: 1 },
    { kind: "inconclusive", exitCode: 3 },
  ] as const)("a finding that something $kind gives exit $exitCode", ({ kind, exitCode }) => {
    const { outcome } = prove(RULES, GOOD, { findings: [{ kind, what: "stored with another meaning" }] });
    expect(outcome).toMatchObject({ exitCode, reasons: ["stored with another meaning"] });
  });

  it.each([
    { result: "met", must: "not-connect", id: "web > db", exitCode: 0 },
    { result: "violated", must: "connect", id: "web > db", exitCode: 1 },
    { result: "unproven", must: "not-connect", id: "never > tried", exitCode: 3 },
  ] as const)("a requirement that is $result gives exit $exitCode", ({ result, must, id, exitCode }) => {
    const requirement = {
      text: "web > db",
      place: "intent.yaml:3:3",
      must,
      connections: [id],
      againstPolicy: [],
      unproven: [],
    };
    const { outcome, requirements } = prove(RULES, GOOD, { requirements: [requirement] });
    expect(requirements[0]?.result).toBe(result);
    expect(outcome.exitCode).toBe(exitCode);
  });
});

describe("the diagnosis", () => {
  const adequacy = [
    { fault: "first", witnesses: ["web > db"] },
    { fault: "second", witnesses: ["web > db", "api > db"] },
  ];

  it("names the fault under which just these connections differ", () => {
    expect(prove(RULES, { ...GOOD, "web > db": "open" }, { adequacy }).diagnosis?.fault).toBe("first");
    expect(prove(RULES, { "web > db": "open", "api > db": "blocked" }, { adequacy }).diagnosis?.fault).toBe("second");
  });

  it("names none where nothing is wrong, or no fault fits", () => {
    expect(prove(RULES, GOOD, { adequacy }).diagnosis).toBeUndefined();
    expect(prove(RULES, { ...GOOD, "api > db": "blocked" }, { adequacy }).diagnosis).toBeUndefined();
  });
});

describe("the diagnosis of a direction", () => {
  const adequacy = [
    { fault: "nothing-enforced", witnesses: ["web > db"] },
    { fault: "ingress-not-enforced", witnesses: ["web > db"] },
  ];

  it("is none that the canary refutes", () => {
    const seen = { ...GOOD, "web > db": "open", "denied > listener": "open" } as const;
    expect(prove(RULES, seen, { adequacy }).diagnosis?.fault).toBe("ingress-not-enforced");
  });
});

describe("the diagnosis of a node", () => {
  const rules = [
    planned("web > db", "deny", { deniedBy: ["ingress"] }),
    planned("db > web", "deny", { deniedBy: ["ingress"] }),
    planned("api > db", "deny", { deniedBy: ["egress", "ingress"] }),
  ];
  const nodes = { web: "node1", db: "node2", api: "node1" };

  it("names the node whose pods all leak while the other's do not", () => {
    const seen = { "web > db": "open", "db > web": "blocked", "api > db": "blocked" } as const;
    expect(prove(rules, seen, { nodes }).diagnosis).toEqual({ fault: "node-not-enforcing", nodes: ["node2"] });
  });

  it("names none where a pod of the same node is blocked by that node alone", () => {
    const more = [...rules, planned("api > sql", "deny", { deniedBy: ["ingress"] })];
    const seen = { "web > db": "open", "db > web": "blocked", "api > db": "blocked", "api > sql": "blocked" } as const;
    expect(prove(more, seen, { nodes: { ...nodes, sql: "node2" } }).diagnosis).toBeUndefined();
  });
});

function prove(
  rules: readonly PlannedConnection[],
  seen: Readonly<Record<string, How>>,
  more: Partial<Pick<ProofPlan, "requirements" | "adequacy">> & {
    findings?: readonly Finding[];
    nodes?: Record<string, string>;
    policies?: Surroundings["policies"];
    waitedMs?: number;
  } = {},
): JudgedProof {
  const connections = [...CANARY, ...rules];
  const { findings = [], nodes = {}, policies = [], waitedMs = 5000, ...given } = more;
  return judgeProof({ ...plan(connections), ...given }, observed(connections, { ...ENFORCING, ...seen }), {
    policies,
    unplaced: [],
    findings,
    nodes: new Map(Object.entries(nodes)),
    waitedMs,
  });
}

function plan(connections: readonly PlannedConnection[]): ProofPlan {
  return {
    connections,
    decisions: [],
    pairs: [],
    isolation: [],
    requirements: [],
    foreign: [],
    adequacy: [],
    notTested: [],
  };
}

function observed(connections: readonly PlannedConnection[], seen: Readonly<Record<string, How>>) {
  const all = (make: (id: string) => ProbeTrace): PhaseObservation =>
    phase(connections.map(({ probe }) => make(probe.id)));
  const open = all((id) => trace(id, [["connected"]], { wish: "open" }));
  const enforced = phase(
    connections.map(({ probe: { id }, expectation }) => {
      const wish = expectation === "deny" ? "blocked" : "open";
      const how = seen[id] ?? "lost";
      const settled = how === (wish === "blocked" ? "blocked" : "open");
      const outcome = { blocked: "timed-out", open: "connected", lost: "failed", late: "connected" } as const;
      return trace(id, [[outcome[how]], [how === "late" ? "timed-out" : outcome[how]]], { wish, settled });
    }),
  );
  return { baseline: open, enforced, restored: open };
}

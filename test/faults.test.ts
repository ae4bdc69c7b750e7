import { describe, expect, it } from "vitest";
import { SEMANTIC_FAULTS, type SemanticFault } from "../src/expectation/index.ts";
import { planFor } from "../src/plan/testing.ts";
import type { RunRecord } from "../src/report/index.ts";
import { labReason } from "./testing/lab.ts";
import { netproof } from "./testing/netproof.ts";
import { readScenario, SCENARIOS, type Scenario } from "./testing/scenarios.ts";

/** `FAULTS=all`: each fault on each recipe, half an hour of it. Else each on one that can expose it, and on one that cannot. */
const isAll = process.env.FAULTS === "all";

interface Case {
  readonly fault: SemanticFault;
  readonly scenario: Scenario;
  readonly name: string;
  /** What the files alone say that it would turn red. */
  readonly witnesses: readonly string[];
}

const ADEQUACY = SCENARIOS.map((scenario) => {
  const { manifests } = readScenario(scenario);
  return { scenario, adequacy: planFor(manifests).adequacy, dual: planFor(manifests, { isDual: true }).adequacy };
});

describe.skipIf(labReason)(`a fault of the lab${labReason ?? ""}`, { concurrent: true, timeout: 120_000 }, () => {
  it.each(cases(true))("ends with exit 1, and just its connections red: $fault on $name", async (one) => {
    const { code, record } = await prove(one);
    const { fault, name, witnesses } = one;
    expect(code, record.outcome.reasons.join("; ")).toBe(fault === "nothing-enforced" ? 4 : 1);
    expect(wrong(record), `${fault} on ${name}`).toEqual([...witnesses].sort());
    expect(record.adequacy.find((known) => known.fault === fault)?.witnesses).toBe(witnesses.length);
    // Where two faults would show the same, either name is right.
    const named = record.adequacy.find((known) => known.fault === record.diagnosis?.fault);
    expect(named?.witnesses, record.diagnosis?.fault).toBe(witnesses.length);
  });

  it.each(cases(false))("ends with exit 0 where nothing rests on it: $fault on $name", async (one) => {
    const { code, record } = await prove(one);
    expect(wrong(record)).toEqual([]);
    expect(code, record.outcome.reasons.join("; ")).toBe(0);
    expect(record.adequacy.find(({ fault }) => fault === one.fault)?.witnesses).toBe(0);
  });
});

it("every fault can be shown by a recipe, and is shown by none of another", () => {
  const shown = new Set(cases(true).map(({ fault }) => fault));
  expect([...shown].sort()).toEqual([...SEMANTIC_FAULTS].sort());
});

function cases(exposes: boolean): readonly Case[] {
  return SEMANTIC_FAULTS.flatMap((fault) => {
    const all = ADEQUACY.map(({ scenario, adequacy, dual }) => {
      const known = exposes && fault === "ipv6-not-enforced" ? dual : adequacy;
      const witnesses = known.find((one) => one.fault === fault)?.witnesses ?? [];
      return { fault, scenario, name: scenario.name, witnesses };
    }).filter(({ witnesses }) => witnesses.length > 0 === exposes);
    return isAll ? all : all.slice(0, 1);
  });
}

async function prove({ fault, scenario, witnesses }: Case): Promise<{ code: number | null; record: RunRecord }> {
  const stack = witnesses.length > 0 && fault === "ipv6-not-enforced" ? "dual" : "ipv4";
  const lab = ["--lab", "--lab-fault", fault, "--lab-stack", stack];
  const { code, stdout, stderr } = await netproof(["prove", "-f", scenario.folder, ...lab, "-o", "json"]);
  if (stdout === "") throw new Error(`no record, exit ${code}: ${stderr}`);
  return { code, record: JSON.parse(stdout) };
}

function wrong({ connections }: RunRecord): readonly string[] {
  const bad = connections.filter(({ verdict }) => verdict === "leaks" || verdict === "overblocks");
  return bad
    .filter(({ purpose }) => purpose === "policies")
    .map(({ id }) => id)
    .sort();
}

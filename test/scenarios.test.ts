import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { planFor, policies } from "../src/plan/testing.ts";
import type { RunRecord } from "../src/report/index.ts";
import type { Manifests } from "../src/snapshot/index.ts";
import { labReason } from "./testing/lab.ts";
import { netproof, ROOT } from "./testing/netproof.ts";
import { readScenario, SCENARIOS } from "./testing/scenarios.ts";

const STAND_INS = "pods with the labels that the selectors ask for stand in for them";
const OPEN = "{podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{}], egress: [{}]}";

describe.skipIf(labReason)(`a recipe in the lab${labReason ?? ""}`, { concurrent: true, timeout: 120_000 }, () => {
  it.each(SCENARIOS)("keeps what its intent promises: $name", async ({ folder, intent }) => {
    const ended = await netproof(["prove", "-f", folder, "--require", intent, "--lab", "-o", "json"]);
    if (ended.stdout === "") throw new Error(`no record, exit ${ended.code}: ${ended.stderr}`);
    const record: RunRecord = JSON.parse(ended.stdout);
    expect(ended.code, record.outcome.reasons.join("; ")).toBe(0);
    expect(record.requirements.filter(({ result }) => result !== "met")).toEqual([]);
    expect(record.connections.filter(({ verdict }) => verdict !== "conforms")).toEqual([]);
    expect(record.notTested.filter(({ reason }) => reason !== STAND_INS)).toEqual([]);
    expect(record.warnings).toEqual([]);
  });
});

describe("an intent of a recipe", () => {
  it.each(SCENARIOS)("has no line about what must not connect that holds of itself: $name", (scenario) => {
    const { manifests, intent } = readScenario(scenario);
    const { requirements } = planFor(opened(manifests), { intent });
    const denied = requirements.filter(({ must }) => must === "not-connect");
    expect(denied.length).toBeGreaterThan(0);
    expect(denied.filter(({ againstPolicy }) => againstPolicy.length === 0)).toEqual([]);
  });

  it.each(SCENARIOS)("misses each policy that is taken away: $name", (scenario) => {
    const { manifests, intent } = readScenario(scenario);
    const unnoticed = manifests.policies.filter((policy) => {
      const others = { ...manifests, policies: manifests.policies.filter((other) => other !== policy) };
      return planFor(others, { intent }).requirements.every(({ againstPolicy }) => againstPolicy.length === 0);
    });
    expect(unnoticed.map(({ policy }) => policy.name)).toEqual([]);
  });
});

it("every recipe is in the table of scenarios/README.md", () => {
  const table = readFileSync(join(ROOT, "scenarios/README.md"), "utf8");
  const names = [...table.matchAll(/^\| \[([a-z-]+)\]\(\1\/policies\.yaml\) /gm)].map(([, name]) => name);
  expect(names.sort()).toEqual(SCENARIOS.map(({ name }) => name).sort());
});

/** Policies add up: with one that allows everything in each namespace the stage stays as it is, and isolates nobody. */
function opened(manifests: Manifests): Manifests {
  const namespaces = new Set(manifests.policies.map(({ policy }) => policy.namespace));
  const open = policies(Object.fromEntries([...namespaces].map((namespace) => [`${namespace}/open`, OPEN])));
  return { ...manifests, policies: [...manifests.policies, ...open.policies] };
}

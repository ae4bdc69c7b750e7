import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { parse, stringify } from "yaml";
import type { RunRecord } from "../../src/report/index.ts";
import { netproof, temporaryFolder, writeFiles } from "../testing/netproof.ts";
import { SCENARIOS, type Scenario } from "../testing/scenarios.ts";
import { IMAGE } from "./testing/cluster.ts";

const folder = temporaryFolder();
const isEnforced = inject("enforcement") === "enforced";

/** Every one takes a quarter of a minute: `RECIPES` says how many, all if absent. */
const COUNT = Number(process.env.RECIPES ?? SCENARIOS.length);

interface Line {
  readonly from: unknown;
  readonly to: unknown;
}

describe("a recipe on a cluster", () => {
  it.each(SCENARIOS.slice(0, COUNT))("keeps what its intent promises: $name", async (scenario) => {
    const intent = withoutHosts(scenario);
    const args = ["prove", "-f", scenario.folder, "--require", intent, "--probe-image", IMAGE, "-o", "json"];
    const { code, stdout, stderr } = await netproof(args);
    if (stdout === "") throw new Error(`no record, exit ${code}: ${stderr}`);
    const record: RunRecord = JSON.parse(stdout);
    expect(code, record.outcome.reasons.join("; ")).toBe(isEnforced ? 0 : 4);
    if (isEnforced) expect(record.requirements.filter(({ result }) => result !== "met")).toEqual([]);
  });
});

/** The recipe's intent without lines about hosts outside, of which a cluster has none that is ours: they would stay unproven. */
function withoutHosts({ name, intent }: Scenario): string {
  const { deny, allow, ...head }: { deny: Line[]; allow: Line[] } = parse(readFileSync(intent, "utf8"));
  const lines = { deny: deny.filter(isInside), allow: allow.filter(isInside) };
  writeFiles(folder, { [`${name}.yaml`]: stringify({ ...head, ...lines }) });
  return join(folder, `${name}.yaml`);
}

function isInside({ from, to }: Line): boolean {
  return [from, to].every((end) => typeof end !== "string" || isIP(end.split("/")[0] ?? "") === 0);
}

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LabFault } from "../contracts.ts";
import { MISREADING_CASES, type MisreadingCase } from "./cases/misreadings.ts";
import { programPolicies } from "./stage/program-policies.ts";
import { missingForStage } from "./stage/requirements.ts";
import { openStage, type Stage } from "./stage/stage.ts";

const TABLE = (Object.entries(MISREADING_CASES) as readonly [LabFault, readonly MisreadingCase[]][]).flatMap(
  ([fault, cases]) => cases.map((it) => [fault, it.name, it] as const),
);

describe.skipIf((await missingForStage()) !== undefined)("the rules in the kernel, under a fault", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage(new AbortController().signal);
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  test.each(TABLE)("%s: %s", async (fault, _, { policies, opened = [], closed = [], open, shut }) => {
    await programPolicies(stage, { policies });
    expect(await stage.observe({ open: [...closed, ...open], shut: [...opened, ...shut] })).toEqual({
      ...outcome([...closed, ...open], "connected"),
      ...outcome([...opened, ...shut], "silent"),
    });
    await programPolicies(stage, { policies, faults: [fault] });
    expect(await stage.observe({ open: [...opened, ...open], shut: [...closed, ...shut] })).toEqual({
      ...outcome([...opened, ...open], "connected"),
      ...outcome([...closed, ...shut], "silent"),
    });
  });
});

function outcome(connections: readonly string[], observation: string): Record<string, string> {
  return Object.fromEntries(connections.map((connection) => [connection, observation]));
}

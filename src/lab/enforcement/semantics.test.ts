import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { IP_BLOCK_CASES } from "./cases/ip-blocks.ts";
import { ISOLATION_CASES } from "./cases/isolation.ts";
import { LEFT_OUT_CASES } from "./cases/left-out.ts";
import { PEER_CASES } from "./cases/peers.ts";
import { PORT_CASES } from "./cases/ports.ts";
import { programPolicies } from "./stage/program-policies.ts";
import { missingForStage } from "./stage/requirements.ts";
import { openStage, type Stage } from "./stage/stage.ts";

const AREAS = {
  "selection and isolation": ISOLATION_CASES,
  peers: PEER_CASES,
  ipBlock: IP_BLOCK_CASES,
  ports: PORT_CASES,
  "what policies do not speak of": LEFT_OUT_CASES,
};

describe.skipIf((await missingForStage()) !== undefined)("the rules in the kernel", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage(new AbortController().signal);
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  describe.each(Object.entries(AREAS))("%s", (_, cases) => {
    test.each(cases.map((it) => [it.name, it] as const))("%s", async (_, { policies, pods = {}, open, shut }) => {
      await programPolicies(stage, { policies, pods });
      expect(await stage.observe({ open, shut })).toEqual({
        ...outcome(open, "connected"),
        ...outcome(shut, "silent"),
      });
    });
  });
});

function outcome(connections: readonly string[], observation: string): Record<string, string> {
  return Object.fromEntries(connections.map((connection) => [connection, observation]));
}

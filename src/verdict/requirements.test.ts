import { describe, expect, it } from "vitest";
import type { PlannedConnection, PlannedRequirement } from "../plan/index.ts";
import type { Verdict } from "./cell.ts";
import type { JudgedConnection } from "./connection.ts";
import { judgeRequirements } from "./requirements.ts";
import type { Seen } from "./seen.ts";
import { planned } from "./testing/traces.ts";

const CONFORMS: Verdict = { kind: "conforms" };
const LEAKS: Verdict = { kind: "leaks", because: "it connects" };
const UNSURE: Verdict = { kind: "inconclusive", reason: "the session was lost" };

describe("a requirement that two ends do not connect", () => {
  it.each([
    {
      name: "is met where the policies deny it and it was blocked",
      expectation: "deny",
      verdict: CONFORMS,
      result: "met",
    },
    {
      name: "is violated where the policies allow it, though everything conforms",
      expectation: "allow",
      verdict: CONFORMS,
      result: "violated",
    },
    { name: "is violated where it leaks", expectation: "deny", verdict: LEAKS, result: "violated" },
    { name: "is unproven where it could not be judged", expectation: "deny", verdict: UNSURE, result: "unproven" },
    {
      name: "is unproven where the API leaves it open and it was blocked",
      expectation: "unspecified",
      verdict: { kind: "unspecified", reason: "self" },
      result: "unproven",
    },
  ] as const)("$name", ({ expectation, verdict, result }) => {
    expect(judge("not-connect", [connection(expectation, verdict)])).toBe(result);
  });

  it("is violated where the API leaves it open and it connects", () => {
    const open = connection(
      "unspecified",
      { kind: "unspecified", reason: "self" },
      { kind: "connected", isStable: true },
    );
    expect(judge("not-connect", [open])).toBe("violated");
  });

  it("is violated by ports that the policies leave open, though none of them was tried", () => {
    const [judged] = judgeRequirements(
      [{ ...requirement("not-connect"), againstPolicy: ["web > db: the policies allow 81/TCP"] }],
      [],
    );
    expect(judged?.result).toBe("violated");
  });
});

describe("a requirement that two ends connect", () => {
  it.each([
    {
      name: "is met where the policies allow it and it connected",
      expectation: "allow",
      verdict: CONFORMS,
      result: "met",
    },
    { name: "is violated where the policies deny it", expectation: "deny", verdict: CONFORMS, result: "violated" },
    {
      name: "is violated where it is overblocked",
      expectation: "allow",
      verdict: { kind: "overblocks", because: "blocked" },
      result: "violated",
    },
    { name: "is unproven where it could not be judged", expectation: "allow", verdict: UNSURE, result: "unproven" },
  ] as const)("$name", ({ expectation, verdict, result }) => {
    expect(judge("connect", [connection(expectation, verdict)])).toBe(result);
  });
});

it("a requirement of which something could not be tried is unproven, though the rest conforms", () => {
  const unproven = ["shop/agent is not on the stage: hostNetwork"];
  const [judged] = judgeRequirements([{ ...requirement("not-connect"), unproven }], [connection("deny", CONFORMS)]);
  expect(judged).toMatchObject({ result: "unproven", reasons: unproven });
});

it("a requirement whose connection was not tried is unproven", () => {
  expect(judge("not-connect", [])).toBe("unproven");
});

function judge(must: PlannedRequirement["must"], connections: readonly JudgedConnection[]): string | undefined {
  return judgeRequirements([requirement(must)], connections)[0]?.result;
}

function requirement(must: PlannedRequirement["must"]): PlannedRequirement {
  return { text: "web > db", place: "intent.yaml:3", must, connections: ["web > db"], againstPolicy: [], unproven: [] };
}

function connection(
  expectation: PlannedConnection["expectation"],
  verdict: Verdict,
  enforced?: Seen,
): JudgedConnection {
  return { planned: planned("web > db", expectation), traces: {}, seen: enforced ? { enforced } : {}, verdict };
}

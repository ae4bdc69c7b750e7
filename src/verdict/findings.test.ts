import { describe, expect, it } from "vitest";
import type { Decision } from "../expectation/index.ts";
import type { NetworkPolicy } from "../snapshot/index.ts";
import type { Verdict } from "./cell.ts";
import type { JudgedConnection } from "./connection.ts";
import { changedPolicies, untriedFindings } from "./findings.ts";
import { planned } from "./testing/traces.ts";

const CONFORMS: Verdict = { kind: "conforms" };
const OPEN: Verdict = { kind: "unspecified", reason: "ipblock-matches-pod" };

describe("a policy of which nothing was shown", () => {
  it("is named with the reason why none of its pods has a place", () => {
    const unplaced = [{ policy: "shop/b", reason: "no pod that it selects could be placed (--max-pods)" }];
    expect(findings(["a", "b"], { by: ["a"], unplaced })).toEqual([
      "nothing of policy shop/b was shown: no pod that it selects could be placed (--max-pods)",
    ]);
  });

  it("is named where its pods are on the stage, and none of their connections was tried", () => {
    expect(findings(["a", "b"], { by: ["a"] })).toEqual([
      "nothing of policy shop/b was shown: no connection of a pod that it selects was tried (--max-probes, --max-neighbours)",
    ]);
  });

  it("is named where the API leaves open all that was tried", () => {
    expect(findings(["a"], { by: ["a"], verdict: OPEN })).toEqual([
      "nothing of policy shop/a was shown: the API leaves open every connection of a pod that it selects",
    ]);
  });

  it("is counted with others of the same reason", () => {
    expect(findings(["a", "b", "c", "d", "e"], { by: ["a"] })).toEqual([
      "nothing of 4 policies (shop/b, shop/c, shop/d, …) was shown: no connection of a pod that it selects was tried (--max-probes, --max-neighbours)",
    ]);
  });

  it("is none where each takes part in a connection that could be judged", () => {
    expect(findings(["a", "b"], { by: ["a", "b"] })).toEqual([]);
  });
});

describe("the run's own policies", () => {
  const policy = (name: string, podSelector: NetworkPolicy["podSelector"] = []): NetworkPolicy => ({
    namespace: "shop",
    name,
    podSelector,
    isolates: { ingress: [] },
  });
  const other = [{ key: "app", operator: "Exists", values: [] }] as const;

  it.each([
    { name: "gone", later: [policy("b")] },
    { name: "another", later: [policy("a", other), policy("b")] },
  ])("are named where one is $name at the end of its phase", ({ later }) => {
    const changed = changedPolicies([policy("a"), policy("b")], later);
    expect(changed.map(({ what }) => what)).toEqual(["NetworkPolicy shop/a"]);
  });

  it("are no matter where all are as they were stored", () => {
    expect(changedPolicies([policy("a")], [policy("b"), policy("a")])).toEqual([]);
  });
});

function findings(
  names: readonly string[],
  { by, verdict = CONFORMS, unplaced = [] }: { by: readonly string[]; verdict?: Verdict; unplaced?: Unplaced },
): readonly string[] {
  const isolated = by.map((name) => ({ namespace: "shop", name }));
  const decision: Decision = {
    egress: { kind: "not-isolated" },
    ingress: { kind: "isolated", by: isolated, allows: [] },
  };
  const connection: JudgedConnection = { planned: planned("web > db", "deny"), traces: {}, seen: {}, verdict };
  const policies = names.map((name) => ({ namespace: "shop", name }));
  const found = untriedFindings(policies, { decisions: [decision], connections: [connection], unplaced });
  return [...found].map(({ what }) => what);
}

type Unplaced = Parameters<typeof untriedFindings>[1]["unplaced"];

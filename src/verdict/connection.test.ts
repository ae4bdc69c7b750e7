import { describe, expect, it } from "vitest";
import type { PhaseObservation, ProbeTrace } from "../observation/index.ts";
import type { PlannedConnection } from "../plan/index.ts";
import type { Verdict } from "./cell.ts";
import { judgeConnections } from "./connection.ts";
import { phase, planned, trace } from "./testing/traces.ts";

const ID = "web > db";
const OPEN = phase([trace(ID, [["connected"]], { wish: "open" })]);
const BLOCKED = phase([
  trace(ID, [
    ["timed-out", "timed-out"],
    ["timed-out", "refused"],
  ]),
]);
const deny = planned(ID, "deny");
const allow = planned(ID, "allow");

describe("the evidence of the enforced phase", () => {
  const cases: readonly {
    name: string;
    planned: PlannedConnection;
    enforced: PhaseObservation;
    verdict: Verdict["kind"];
  }[] = [
    { name: "a block in two rounds with controls conforms", planned: deny, enforced: BLOCKED, verdict: "conforms" },
    {
      name: "a block in one round is not enough",
      planned: deny,
      enforced: phase([trace(ID, [["timed-out", "timed-out"]], { settled: false })]),
      verdict: "inconclusive",
    },
    {
      name: "a block that never became stable is not enough, however many rounds saw it",
      planned: deny,
      enforced: phase([trace(ID, [["timed-out"], ["timed-out"]], { settled: false })]),
      verdict: "inconclusive",
    },
    {
      name: "connections before the block became stable belong to convergence",
      planned: deny,
      enforced: phase([trace(ID, [["connected"], ["timed-out"], ["timed-out"]], { from: 2 })]),
      verdict: "conforms",
    },
    {
      name: "one connection after the block became stable is a leak",
      planned: deny,
      enforced: phase([trace(ID, [["timed-out"], ["timed-out"], ["timed-out", "connected"]])]),
      verdict: "leaks",
    },
    {
      name: "one late answer within the stable rounds is a leak",
      planned: deny,
      enforced: phase([trace(ID, [["timed-out", { outcome: "connected", late: true }], ["timed-out"]])]),
      verdict: "leaks",
    },
    {
      name: "one success among the last two rounds of a block that never settled is a leak",
      planned: deny,
      enforced: phase([trace(ID, [["connected"], ["timed-out"], ["connected", "timed-out"]], { settled: false })]),
      verdict: "leaks",
    },
    {
      name: "a request that arrived without its answer is a leak",
      planned: deny,
      enforced: phase([trace(ID, [["timed-out", { outcome: "timed-out", arrivedAt: "db" }], ["timed-out"]])]),
      verdict: "leaks",
    },
    {
      name: "silence from a pod whose network shows no life is no block",
      planned: deny,
      enforced: phase([trace(ID, [["timed-out"], ["timed-out"]])], { dead: ["web"] }),
      verdict: "inconclusive",
    },
    {
      name: "silence towards a pod whose network shows no life is no block",
      planned: deny,
      enforced: phase([trace(ID, [["timed-out"], ["timed-out"]])], { dead: ["db"] }),
      verdict: "inconclusive",
    },
    {
      name: "silence where nothing listens is no block",
      planned: deny,
      enforced: phase([trace(ID, [["refused"], ["refused"]])], { deaf: ["db 80/TCP"] }),
      verdict: "inconclusive",
    },
    {
      name: "attempts that all failed are no evidence",
      planned: deny,
      enforced: phase([trace(ID, [["failed"], ["failed"]], { settled: false })]),
      verdict: "inconclusive",
    },
    {
      name: "an allowed connection that connects in two rounds conforms",
      planned: allow,
      enforced: phase([trace(ID, [["connected"], ["connected"]], { wish: "open" })]),
      verdict: "conforms",
    },
    {
      name: "a lost packet among the attempts of a round convicts nobody",
      planned: allow,
      enforced: phase([trace(ID, [["timed-out", "connected"], ["connected"]], { wish: "open" })]),
      verdict: "conforms",
    },
    {
      name: "an allowed connection of which every attempt in two rounds failed is overblocked",
      planned: allow,
      enforced: phase([
        trace(ID, [Array(3).fill("timed-out"), Array(3).fill("refused")], { wish: "open", settled: false }),
      ]),
      verdict: "overblocks",
    },
    {
      name: "an allowed connection that fails in one of the last two rounds is unstable, not overblocked",
      planned: allow,
      enforced: phase([trace(ID, [["connected"], Array(3).fill("timed-out")], { wish: "open", settled: false })]),
      verdict: "inconclusive",
    },
    {
      name: "an allowed connection that fails a whole round after it was stable is not simply conforming",
      planned: allow,
      enforced: phase([trace(ID, [["connected"], ["connected"], Array(3).fill("timed-out")], { wish: "open" })]),
      verdict: "inconclusive",
    },
    {
      name: "an allowed connection that is silent in the end does not conform, though no control tells why",
      planned: allow,
      enforced: phase([trace(ID, [["connected"], ["connected"], Array(3).fill("timed-out")], { wish: "open" })], {
        deaf: ["db 80/TCP"],
      }),
      verdict: "inconclusive",
    },
    {
      name: "a connection whose session was lost before the policies may have taken effect is no leak",
      planned: deny,
      enforced: { ...phase([trace(ID, [["connected"], ["failed"]], { settled: false })]), lost: { web: "cut" } },
      verdict: "inconclusive",
    },
    {
      name: "a block that was settled before the session was lost is one",
      planned: deny,
      enforced: { ...phase([trace(ID, [["timed-out"], ["timed-out"]])]), lost: { web: "cut" } },
      verdict: "conforms",
    },
    {
      name: "an allowed connection that is silent without controls is not overblocked",
      planned: allow,
      enforced: phase([trace(ID, [["timed-out"], ["timed-out"]], { wish: "open", settled: false })], {
        deaf: ["db 80/TCP"],
      }),
      verdict: "inconclusive",
    },
  ];
  it.each(cases)("$name", ({ planned: connection, enforced, verdict }) => {
    expect(judge(connection, { baseline: OPEN, enforced, restored: OPEN }).kind).toBe(verdict);
  });
});

describe("the phases around it", () => {
  it("a connection that did not connect before the policies is inconclusive", () => {
    expect(judge(deny, { baseline: BLOCKED, enforced: BLOCKED, restored: OPEN }).kind).toBe("inconclusive");
  });

  it("a block that stays after the policies were removed is an overblock", () => {
    const stays = phase([trace(ID, [["timed-out"], ["timed-out"]], { wish: "open", settled: false })]);
    expect(judge(deny, { baseline: OPEN, enforced: BLOCKED, restored: stays })).toMatchObject({
      kind: "overblocks",
      because: expect.stringContaining("delete-not-cleaned"),
    });
  });

  it("a block that stays without controls is inconclusive", () => {
    const dead = phase([trace(ID, [["timed-out"], ["timed-out"]], { wish: "open", settled: false })], { dead: ["db"] });
    expect(judge(deny, { baseline: OPEN, enforced: BLOCKED, restored: dead }).kind).toBe("inconclusive");
  });

  it.each([
    { name: "baseline", phases: {} },
    { name: "enforced", phases: { baseline: OPEN } },
    { name: "restored", phases: { baseline: OPEN, enforced: BLOCKED } },
  ])("without the phase $name nothing is proven", ({ phases }) => {
    expect(judge(deny, phases).kind).toBe("inconclusive");
  });

  it("a leak stays a leak where a session is lost after the phase", () => {
    const enforced = phase([trace(ID, [["connected"], ["connected"]], { settled: false })]);
    const restored = { ...OPEN, lost: { web: "cut" } };
    expect(judge(deny, { baseline: OPEN, enforced, restored }).kind).toBe("leaks");
  });

  it("a leak stays a leak, whatever comes after", () => {
    const leak = phase([trace(ID, [["connected"], ["connected"]], { settled: false })]);
    expect(judge(deny, { baseline: OPEN, enforced: leak }).kind).toBe("leaks");
  });
});

describe("what the API leaves open", () => {
  it.each([OPEN, BLOCKED])("is unspecified whatever was seen", (enforced) => {
    const connection = planned(ID, "unspecified", { unspecifiedBecause: "ipblock-matches-pod" });
    expect(judge(connection, { baseline: OPEN, enforced, restored: OPEN })).toEqual({
      kind: "unspecified",
      reason: "ipblock-matches-pod",
    });
  });

  it("includes ingress on a path on which the source address is rewritten", () => {
    const rewritten = phase([trace(ID, [[{ outcome: "connected", seenAs: "10.250.0.2" }]], { wish: "open" })]);
    expect(judge(deny, { baseline: rewritten, enforced: BLOCKED, restored: OPEN }).kind).toBe("unspecified");
    const egress = planned(ID, "deny", { deniedBy: ["egress"] });
    expect(judge(egress, { baseline: rewritten, enforced: BLOCKED, restored: OPEN }).kind).toBe("conforms");
  });

  it("does not hide a leak of egress, which does not depend on the address that the destination sees", () => {
    const rewritten = phase([trace(ID, [[{ outcome: "connected", seenAs: "10.250.0.2" }]])]);
    const both = planned(ID, "deny", { deniedBy: ["ingress", "egress"] });
    expect(judge(both, { baseline: OPEN, enforced: rewritten, restored: OPEN }).kind).toBe("leaks");
  });
});

it("a connection that was open again while nothing else changed is not shown to be blocked", () => {
  const flapping = phase([{ ...trace(ID, [["timed-out"], ["timed-out"]]), reopenedIn: 3 }]);
  expect(judge(deny, { baseline: OPEN, enforced: flapping, restored: OPEN })).toMatchObject({
    kind: "inconclusive",
    reason: expect.stringMatching(/connected again/),
  });
});

it("a policy of the run that somebody changes meanwhile convicts nobody", () => {
  const foreign = [{ what: "NetworkPolicy db/x", namespaces: ["db"], isOurs: true as const }];
  const [judged] = judgeConnections(
    { connections: [deny], foreign },
    { baseline: OPEN, enforced: OPEN, restored: OPEN },
  );
  expect(judged?.verdict).toMatchObject({ kind: "inconclusive", reason: expect.stringMatching(/changed or removed/) });
});

describe("a policy of somebody else that is not understood", () => {
  const phases = { baseline: OPEN, enforced: BLOCKED, restored: OPEN };
  it.each([
    [undefined, "inconclusive"],
    [["web"], "inconclusive"],
    [["db"], "inconclusive"],
    [["other"], "conforms"],
  ] as const)("in namespaces %s makes the connection %s", (namespaces, verdict) => {
    const foreign = [{ what: "GlobalNetworkPolicy x", ...(namespaces === undefined ? {} : { namespaces }) }];
    const [judged] = judgeConnections({ connections: [deny], foreign }, phases);
    expect(judged?.verdict.kind).toBe(verdict);
    if (verdict === "inconclusive")
      expect(judged?.verdict).toMatchObject({ reason: expect.stringMatching(/GlobalNetworkPolicy x/) });
  });
});

it("an answer from another pod that is denied too is a leak", () => {
  const other = planned("web > other", "deny");
  const stray: ProbeTrace = trace(ID, [[{ outcome: "misdelivered", answeredBy: "other" }], ["timed-out"]], {
    settled: false,
  });
  const phases = { baseline: OPEN, enforced: phase([stray]), restored: OPEN };
  const [judged] = judgeConnections({ connections: [deny, other], foreign: [] }, phases);
  expect(judged?.verdict.kind).toBe("leaks");
  expect(judge(deny, phases).kind).toBe("inconclusive");
});

function judge(connection: PlannedConnection, phases: Parameters<typeof judgeConnections>[1]): Verdict {
  const [judged] = judgeConnections({ connections: [connection], foreign: [] }, phases);
  if (judged === undefined) throw new Error("nothing was judged");
  return judged.verdict;
}

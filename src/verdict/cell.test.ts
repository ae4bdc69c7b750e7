import { describe, expect, it } from "vitest";
import { judgeCell, type Verdict } from "./cell.ts";
import type { Seen } from "./seen.ts";

interface Row {
  readonly name: string;
  readonly seen: Seen;
  readonly deny: Verdict["kind"];
  readonly allow: Verdict["kind"];
}

const HOLD: Seen = { kind: "blocked", as: "timed-out" };
const MISSING: Seen = { kind: "blocked", as: "refused", missing: "nothing showed that the network works" };

/** The whole table, as it is written down in the design: every observation against both expectations. */
const TABLE: readonly Row[] = [
  { name: "connected, stably", seen: { kind: "connected", isStable: true }, deny: "leaks", allow: "conforms" },
  {
    name: "connected, in some rounds only",
    seen: { kind: "connected", isStable: false },
    deny: "leaks",
    allow: "inconclusive",
  },
  { name: "one-way", seen: { kind: "one-way" }, deny: "leaks", allow: "overblocks" },
  {
    name: "misdelivered to a pod that is denied too",
    seen: { kind: "misdelivered", by: "shop/denied" },
    deny: "leaks",
    allow: "inconclusive",
  },
  {
    name: "misdelivered to another pod",
    seen: { kind: "misdelivered", by: "shop/other" },
    deny: "inconclusive",
    allow: "inconclusive",
  },
  { name: "handshake at our own agent", seen: { kind: "handshake" }, deny: "inconclusive", allow: "inconclusive" },
  { name: "blocked, controls hold", seen: HOLD, deny: "conforms", allow: "overblocks" },
  { name: "blocked, a control is missing", seen: MISSING, deny: "inconclusive", allow: "inconclusive" },
  { name: "failed", seen: { kind: "failed", cause: "EMFILE" }, deny: "inconclusive", allow: "inconclusive" },
];

describe("the verdict table", () => {
  it.each(TABLE)("where a connection should be denied, $name gives $deny", ({ seen, deny }) => {
    expect(judgeCell({ expectation: "deny", seen, isDeniedToo }).kind).toBe(deny);
  });

  it.each(TABLE)("where a connection should be allowed, $name gives $allow", ({ seen, allow }) => {
    expect(judgeCell({ expectation: "allow", seen, isDeniedToo }).kind).toBe(allow);
  });

  it("names the pod that answered, and the control that is missing", () => {
    const misdelivered = judgeCell({
      expectation: "allow",
      seen: { kind: "misdelivered", by: "shop/other" },
      isDeniedToo,
    });
    expect(misdelivered).toMatchObject({ reason: expect.stringContaining("shop/other") });
    const silent = judgeCell({ expectation: "deny", seen: MISSING, isDeniedToo });
    expect(silent).toMatchObject({ reason: expect.stringContaining("nothing showed") });
  });
});

function isDeniedToo(by: string): boolean {
  return by === "shop/denied";
}

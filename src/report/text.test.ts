import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { renderJson } from "./json.ts";
import type { RunRecord } from "./record.ts";
import { connection, record } from "./testing.ts";
import { renderText } from "./text.ts";

const PLAIN = { good: same, bad: same, unsure: same, heading: same };

describe("the report for people", () => {
  it("of a proof begins with the answer and says who is isolated from whom", () => {
    golden("proven.txt", text(record({})));
  });

  it("of a failure names each wrong connection with policy, rule and line", () => {
    const connections = [
      connection("shop/web > shop/db 5432/TCP", "deny", { verdict: "leaks", reason: "it connects" }),
      connection("shop/api > shop/db 5432/TCP", "allow", {
        verdict: "overblocks",
        reason: "it is blocked (timed-out)",
      }),
    ];
    const counts = { conforms: 0, leaks: 1, overblocks: 1, inconclusive: 0, unspecified: 0 };
    const reasons = ["1 connection got through that the policies deny", "1 connection failed that the policies allow"];
    golden("failed.txt", text(record({ connections, outcome: { result: "failed", exitCode: 1, reasons, counts } })));
  });

  it("of a run without a verdict groups the reasons, and lists what was not tested", () => {
    const reason = "silent, but nothing showed that the network of shop/db works";
    const connections = ["shop/web", "shop/api"].map((source) =>
      connection(`${source} > shop/db 5432/TCP`, "deny", { verdict: "inconclusive", reason }),
    );
    const counts = { conforms: 0, leaks: 0, overblocks: 0, inconclusive: 2, unspecified: 0 };
    const outcome = {
      result: "inconclusive",
      exitCode: 3,
      reasons: ["nothing was shown to be blocked"],
      counts,
    } as const;
    const notTested = [{ what: "SCTP", reason: "not probed by this version" }];
    const warnings = ["p.yaml:8:5: spec.ingress[0].from: an empty list allows everybody"];
    const requirements = [
      {
        text: "deny shop/web > shop/db",
        place: "intent.yaml:4:3",
        result: "unproven",
        reasons: [`shop/web > shop/db 5432/TCP: ${reason}`],
      },
    ] as const;
    golden("inconclusive.txt", text(record({ connections, outcome, notTested, requirements, warnings })));
  });

  it("shows text from outside without its control characters", () => {
    const notTested = [{ what: "a\u001b[31mred\u202eevil", reason: "line\nbreak" }];
    const shown = text(record({ notTested }));
    expect(shown).toContain("a\\u{1b}[31mred\\u{202e}evil: line\\u{a}break");
  });

  it("fits a narrow terminal", () => {
    const wide = Array.from({ length: 30 }, (_, index) =>
      connection(`shop/pod-${index} > shop/db 5432/TCP`, "deny", {}),
    );
    const shown = text(record({ connections: wide }), 60);
    const matrix = shown.slice(shown.indexOf("Matrix")).split("\n").slice(1, 10);
    expect(Math.max(...matrix.map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(shown).toMatch(/… and \d+ more ends/);
  });
});

it("the record as JSON is the record", () => {
  const own = record({});
  expect(JSON.parse([...renderJson(own)].join(""))).toEqual(own);
});

function text(run: RunRecord, width = 100): string {
  return [...renderText(run, { width, paint: PLAIN })].join("");
}

/** Compares with a file; UPDATE_GOLDEN=1 writes it anew. */
function golden(name: string, actual: string): void {
  const file = join(import.meta.dirname, "golden", name);
  if (process.env.UPDATE_GOLDEN === "1") writeFileSync(file, actual);
  expect(actual).toBe(readFileSync(file, "utf8"));
}

function same(value: string): string {
  return value;
}

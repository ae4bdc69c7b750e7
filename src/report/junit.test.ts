import { DOMParser } from "@xmldom/xmldom";
import { XMLParser } from "fast-xml-parser";
import { describe, expect, it } from "vitest";
import { renderJunit, renderJunitFailure } from "./junit.ts";
import type { RunRecord } from "./record.ts";
import { connection, record } from "./testing.ts";

const MIXED = record({
  connections: [
    connection("shop/web > shop/db 5432/TCP", "deny", { verdict: "leaks", reason: "it connects", ...took(1.5) }),
    connection("shop/api > shop/db 5432/TCP", "allow", { ...took(1) }),
    connection("shop/api > shop/db 22/TCP", "deny", { verdict: "inconclusive", reason: "the session was lost" }),
    connection("shop/api > shop/db 53/UDP", "allow", { verdict: "unspecified", reason: "source rewritten" }),
    connection("netproof-canary/a > netproof-canary/b 7777/TCP", "allow", { purpose: "canary" }),
  ],
  requirements: [
    { text: "deny a > b", place: "intent.yaml:4:3", result: "violated", reasons: ["the policies allow it"] },
  ],
  outcome: {
    result: "failed",
    exitCode: 1,
    reasons: ["1 connection got through that the policies deny"],
    counts: { conforms: 1, leaks: 1, overblocks: 0, inconclusive: 1, unspecified: 1 },
  },
});

describe("the JUnit report", () => {
  it("has a suite for each policy, one for the requirements and one for the run, with right counts and times", () => {
    const suites = suitesOf(MIXED);
    expect(
      suites.map(({ name, tests, failures, errors, skipped, time }) => ({
        name,
        tests,
        failures,
        errors,
        skipped,
        time,
      })),
    ).toEqual([
      { name: "shop/db", tests: 4, failures: 1, errors: 1, skipped: 1, time: 2.5 },
      { name: "requirements", tests: 1, failures: 1, errors: 0, skipped: 0, time: 0 },
      { name: "run", tests: 1, failures: 1, errors: 0, skipped: 0, time: 0 },
    ]);
  });

  it("explains in the body of each failure by which policy, rule and line", () => {
    const xml = renderJunit(MIXED);
    expect(xml).toContain('<failure message="it connects" type="leaks">');
    expect(xml).toContain("shop/web > shop/db 5432/TCP: expected deny, leaks: it connects");
    expect(xml).toContain("policies/db.yaml:3");
  });

  it("names every case once, by names that stay the same from run to run", () => {
    const names = casesOf(renderJunit(MIXED));
    expect(new Set(names).size).toBe(names.length);
    expect(casesOf(renderJunit({ ...MIXED, run: { ...MIXED.run, id: "ffffffff" } }))).toEqual(names);
  });

  it("is read alike by two readers of XML", () => {
    const xml = renderJunit(MIXED);
    const document = new DOMParser().parseFromString(xml, "text/xml");
    const names = [...Array(document.getElementsByTagName("testcase").length).keys()].map((index) => {
      const element = document.getElementsByTagName("testcase").item(index);
      return `${element?.getAttribute("classname")} ${element?.getAttribute("name")}`;
    });
    expect(names).toEqual(casesOf(xml));
  });

  it("carries no control character, whatever a cluster said", () => {
    const hostile = connection("shop/web > shop/db 5432/TCP", "deny", {
      verdict: "inconclusive",
      reason: "\u0000\u001b[31m</testcase>",
    });
    const xml = renderJunit(record({ connections: [hostile] }));
    expect(xml).not.toMatch(/[\u0000-\u0008\u000b-\u001f]/);
    expect(casesOf(xml)).toContain("shop/db shop/web > shop/db 5432/TCP");
  });

  it("says that set-up failed, where there is no record", () => {
    const xml = renderJunitFailure('Cannot create namespace "x": 403\nmore', { time: "2026-01-02T03:04:05.000Z" });
    expect(casesOf(xml)).toEqual(["run set-up"]);
    expect(xml).toMatch(/<error message="Cannot create namespace &quot;x&quot;: 403" type="environment">/);
  });
});

interface Suite {
  readonly name: string;
  readonly tests: number;
  readonly failures: number;
  readonly errors: number;
  readonly skipped: number;
  readonly time: number;
  readonly testcase: readonly { readonly classname: string; readonly name: string }[];
}

function suitesOf(run: RunRecord): readonly Suite[] {
  return parse(renderJunit(run));
}

function casesOf(xml: string): readonly string[] {
  return parse(xml).flatMap(({ testcase }) => testcase.map(({ classname, name }) => `${classname} ${name}`));
}

function parse(xml: string): readonly Suite[] {
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: "",
    parseAttributeValue: true,
    isArray: (name) => name === "testsuite" || name === "testcase",
  });
  return parser.parse(xml).testsuites.testsuite;
}

function took(seconds: number): Pick<RunRecord["connections"][number], "phases"> {
  const firstAt = "2026-01-02T03:04:05.000Z";
  const lastAt = new Date(Date.parse(firstAt) + seconds * 1000).toISOString();
  return { phases: { enforced: { observation: "connected", attempts: [], firstAt, lastAt } } };
}

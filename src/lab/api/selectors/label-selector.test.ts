import { describe, expect, test } from "vitest";
import { parseLabelSelector } from "./label-selector.ts";

const OBJECTS = {
  none: {},
  web: { app: "web" },
  api: { app: "api", tier: "back" },
  empty: { app: "" },
};

describe("a label selector selects", () => {
  test.each([
    ["", "none web api empty"],
    ["app=web", "web"],
    ["app==web", "web"],
    [" app = web ", "web"],
    ["app!=web", "none api empty"],
    ["app in (web, api)", "web api"],
    ["app in ()", "empty"],
    ["app in (web,)", "web empty"],
    ["app notin (web,api)", "none empty"],
    ["app", "web api empty"],
    ["!app", "none"],
    ["app=", "empty"],
    ["app=,tier", ""],
    ["app,!tier", "web empty"],
    ["tier=back,app=api", "api"],
    ["in in (in)", ""],
    ["example.com/a!=b", "none web api empty"],
  ])("%j", (selector, expected) => {
    const matches = parseLabelSelector(selector);
    const selected = Object.entries(OBJECTS).filter(([, labels]) => matches(labels));
    expect(selected.map(([name]) => name).join(" ")).toBe(expected);
  });
});

describe("a malformed label selector is refused", () => {
  test.each([
    ["a===", "unable to parse requirement: found '=', expected: identifier"],
    ["a in b", "unable to parse requirement: found 'b', expected: '('"],
    ["a in (b", "unable to parse requirement: found '', expected: ',' or ')'"],
    ["a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ["a,", "found '', expected: identifier after ','"],
    ["=a", "found '=', expected: !, identifier, or 'end of string'"],
    ["a=b c", "found 'c', expected: ',' or 'end of string'"],
    ["!a=b", "found '=', expected: ',' or 'end of string'"],
  ])("%j", (selector, message) => {
    expect(() => parseLabelSelector(selector)).toThrow(message);
  });

  test.each(["a/b/c=d", "-a", "a=b/c", `a=${"x".repeat(64)}`])("%j, for what no label can be", (selector) => {
    expect(() => parseLabelSelector(selector)).toThrow("Invalid value");
  });
});

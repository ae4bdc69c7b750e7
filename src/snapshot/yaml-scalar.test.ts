import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { isReadDifferentlyIn11, readPlain } from "./yaml-scalar.ts";

describe("a scalar without quotes", () => {
  test.each([
    { source: "web", value: "web", differs: false },
    { source: "", value: null, differs: false },
    { source: "~", value: null, differs: false },
    { source: "null", value: null, differs: false },
    { source: "true", value: true, differs: false },
    { source: "FALSE", value: false, differs: false },
    { source: "tRue", value: "tRue", differs: false },
    { source: "0", value: 0, differs: false },
    { source: "8080", value: 8080, differs: false },
    { source: "-1", value: -1, differs: false },
    { source: "+5", value: 5, differs: false },
    { source: "80.5", value: 80.5, differs: false },
    { source: "1.", value: 1, differs: false },
    { source: ".5", value: 0.5, differs: false },
    { source: "1e3", value: 1000, differs: false },
    { source: "0x1F", value: 31, differs: false },
    { source: "007", value: 7, differs: false },
    { source: "08", value: 8, differs: false },
    { source: ".inf", value: Number.POSITIVE_INFINITY, differs: false },
    { source: "-.Inf", value: Number.NEGATIVE_INFINITY, differs: false },
    { source: ".nan", value: Number.NaN, differs: false },
    { source: "2026-11-24", value: "2026-11-24", differs: false },
    { source: "10.0.0.0/8", value: "10.0.0.0/8", differs: false },
    { source: "1.2.3", value: "1.2.3", differs: false },
    { source: "2001:db8::/32", value: "2001:db8::/32", differs: false },
    { source: "1_a", value: "1_a", differs: false },
    { source: "_1", value: "_1", differs: false },
    { source: "yesterday", value: "yesterday", differs: false },
    { source: "y", value: "y", differs: true },
    { source: "N", value: "N", differs: true },
    { source: "yes", value: "yes", differs: true },
    { source: "No", value: "No", differs: true },
    { source: "on", value: "on", differs: true },
    { source: "OFF", value: "OFF", differs: true },
    { source: "017", value: 17, differs: true },
    { source: "-017", value: -17, differs: true },
    { source: "0o17", value: 15, differs: true },
    { source: "-0o17", value: "-0o17", differs: true },
    { source: "0O17", value: "0O17", differs: true },
    { source: "0o1_7", value: "0o1_7", differs: true },
    { source: "0o18", value: "0o18", differs: false },
    { source: "0odd", value: "0odd", differs: false },
    { source: "0b11", value: "0b11", differs: true },
    { source: "-0x1F", value: "-0x1F", differs: true },
    { source: "0X1F", value: "0X1F", differs: true },
    { source: "1_000", value: "1_000", differs: true },
    { source: "+_1", value: "+_1", differs: true },
    { source: ".3_7", value: ".3_7", differs: true },
    { source: "8E989", value: Number.POSITIVE_INFINITY, differs: true },
    { source: "1_0.5", value: "1_0.5", differs: true },
    { source: "1:30", value: "1:30", differs: true },
    { source: "-1:30:00.5", value: "-1:30:00.5", differs: true },
    { source: "1:60", value: "1:60", differs: false },
  ])('"$source" is $value, and read differently in YAML 1.1: $differs', ({ source, value, differs }) => {
    expect(readPlain(source)).toBe(value);
    expect(isReadDifferentlyIn11(source)).toBe(differs);
  });

  test("is read as the YAML package reads it", () => {
    const words = fc.stringMatching(/^[-+.0-9_eoxbafy~nulINtr]{1,8}$/);
    fc.assert(
      fc.property(words, (word) => {
        fc.pre(!/^(?:---|\.\.\.|-$)/.test(word));
        expect(readPlain(word)).toBe(parse(word, { schema: "core" }));
      }),
      { numRuns: 2000 },
    );
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ALL_PORTS,
  formatPorts,
  hasPort,
  intersectPorts,
  NO_PORTS,
  type PortInterval,
  type PortSet,
  portBoundaries,
  subtractPorts,
  unitePorts,
} from "./port-set.ts";

/** `1-9, 20` as a set; the normal form is what is tested, so it is not made here. */
function set(text: string): PortSet {
  return text === "" ? [] : text.split(", ").map((part) => interval(...part.split("-").map(Number)));
}

function interval(from = 0, to = from): PortInterval {
  return [from, to];
}

describe("a union", () => {
  test.each<[name: string, sets: string[], union: string]>([
    ["of nothing is empty", [], ""],
    ["of empty sets is empty", ["", ""], ""],
    ["of one set is that set", ["80-90", ""], "80-90"],
    ["is sorted", ["443", "80"], "80, 443"],
    ["is sorted by number and not by text", ["9", "10000", "80"], "9, 80, 10000"],
    ["joins what overlaps", ["80-90", "85-95"], "80-95"],
    ["joins what touches", ["80", "81"], "80-81"],
    ["keeps what is one port apart", ["80", "82"], "80, 82"],
    ["swallows what lies inside", ["80-90", "82-84", "91"], "80-91"],
    ["reaches both ends", ["1-100", "101-65535"], "1-65535"],
  ])("%s", (_name, sets, union) => {
    expect(unitePorts(sets.map(set))).toEqual(set(union));
  });

  test("leaves its operands as they were", () => {
    const sets: PortSet[] = [[[80, 90]], [[85, 95]]];
    unitePorts(sets);
    expect(sets).toEqual([[[80, 90]], [[85, 95]]]);
  });
});

describe("an intersection", () => {
  test.each<[name: string, a: string, b: string, both: string]>([
    ["with nothing is empty", "1-9", "", ""],
    ["with everything is the set itself", "1-9", "1-65535", "1-9"],
    ["of sets that touch is empty", "1-9", "10-19", ""],
    ["may be a single port", "1-10", "10-19", "10"],
    ["may have several parts", "1-10, 20-30", "5-25, 30-40", "5-10, 20-25, 30"],
  ])("%s", (_name, a, b, both) => {
    expect(intersectPorts(set(a), set(b))).toEqual(set(both));
    expect(intersectPorts(set(b), set(a))).toEqual(set(both));
  });
});

describe("a difference", () => {
  test.each<[name: string, whole: string, taken: string, rest: string]>([
    ["without anything taken is the whole", "1-9", "", "1-9"],
    ["without everything is empty", "1-9", "1-65535", ""],
    ["without itself is empty", "1-9", "1-9", ""],
    ["may have a hole", "1-9", "5", "1-4, 6-9"],
    ["loses its edges", "1-9, 20-29", "9-20", "1-8, 21-29"],
    ["of everything is the complement", "1-65535", "1, 65535", "2-65534"],
  ])("%s", (_name, whole, taken, rest) => {
    expect(subtractPorts(set(whole), set(taken))).toEqual(set(rest));
  });
});

test("a set has its bounds and not their neighbours", () => {
  const ports = [79, 80, 85, 90, 91, 442, 443, 444];
  expect(ports.filter((port) => hasPort(set("80-90, 443"), port))).toEqual([80, 85, 90, 443]);
});

test.each<[text: string, set: PortSet]>([
  ["none", NO_PORTS],
  ["all", ALL_PORTS],
  ["80", [[80, 80]]],
  ["80, 443, 9000-9010", set("80, 443, 9000-9010")],
  ["1-65534", [[1, 65_534]]],
])("a set is shown to people as %s", (text, ports) => {
  expect(formatPorts(ports)).toBe(text);
});

test.each<[set: string, boundaries: number[]]>([
  ["", []],
  ["1-65535", [1, 65_535]],
  ["80", [79, 80, 81]],
  ["80-90, 92-99", [79, 80, 90, 91, 92, 99, 100]],
])("the answer changes at the boundaries of %j", (ports, boundaries) => {
  expect(portBoundaries(set(ports))).toEqual(boundaries);
});

const arbitrarySet = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 9 })), { maxLength: 5 })
  .map((starts) => unitePorts(starts.map(([from, length]): PortSet => [[from, from + length]])));

function members(set: PortSet): number[] {
  return Array.from({ length: 60 }, (_, port) => port).filter((port) => hasPort(set, port));
}

function isNormal(set: PortSet): boolean {
  return set.every(([from, to], index) => from <= to && from > (set[index - 1]?.[1] ?? -1) + 1);
}

test("the algebra is that of sets, in the one normal form", () => {
  fc.assert(
    fc.property(arbitrarySet, arbitrarySet, (a, b) => {
      const [inA, inB] = [new Set(members(a)), new Set(members(b))];
      const wanted = (isIn: (port: number) => boolean) => members([[1, 59]]).filter(isIn);
      expect(members(unitePorts([a, b]))).toEqual(wanted((port) => inA.has(port) || inB.has(port)));
      expect(members(intersectPorts(a, b))).toEqual(wanted((port) => inA.has(port) && inB.has(port)));
      expect(members(subtractPorts(a, b))).toEqual(wanted((port) => inA.has(port) && !inB.has(port)));
      const results = [a, b, unitePorts([a, b]), intersectPorts(a, b), subtractPorts(a, b)];
      expect(results.every(isNormal)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

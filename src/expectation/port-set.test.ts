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

describe("a union", () => {
  test.each<{ name: string; sets: PortSet[]; union: PortSet }>([
    { name: "of nothing is empty", sets: [], union: [] },
    { name: "of empty sets is empty", sets: [[], []], union: [] },
    { name: "of one set is that set", sets: [[[80, 90]], []], union: [[80, 90]] },
    {
      name: "is sorted",
      sets: [[[443, 443]], [[80, 80]]],
      union: [
        [80, 80],
        [443, 443],
      ],
    },
    { name: "joins what overlaps", sets: [[[80, 90]], [[85, 95]]], union: [[80, 95]] },
    { name: "joins what touches", sets: [[[80, 80]], [[81, 81]]], union: [[80, 81]] },
    {
      name: "keeps what is one port apart",
      sets: [[[80, 80]], [[82, 82]]],
      union: [
        [80, 80],
        [82, 82],
      ],
    },
    { name: "swallows what lies inside", sets: [[[80, 90]], [[82, 84]], [[91, 91]]], union: [[80, 91]] },
    {
      name: "counts by number and not by text",
      sets: [[[9, 9]], [[10_000, 10_000]], [[80, 80]]],
      union: [
        [9, 9],
        [80, 80],
        [10_000, 10_000],
      ],
    },
    { name: "reaches both ends", sets: [[[1, 100]], [[101, 65_535]]], union: [[1, 65_535]] },
  ])("$name", ({ sets, union }) => {
    expect(unitePorts(sets)).toEqual(union);
  });

  test("leaves its operands as they were", () => {
    const sets: PortSet[] = [[[80, 90]], [[85, 95]]];
    unitePorts(sets);
    expect(sets).toEqual([[[80, 90]], [[85, 95]]]);
  });
});

describe("an intersection", () => {
  test.each<{ name: string; a: PortSet; b: PortSet; both: PortSet }>([
    { name: "with nothing is empty", a: [[1, 9]], b: [], both: [] },
    { name: "with everything is the set itself", a: [[1, 9]], b: [[1, 65_535]], both: [[1, 9]] },
    { name: "of sets that touch is empty", a: [[1, 9]], b: [[10, 19]], both: [] },
    { name: "may be a single port", a: [[1, 10]], b: [[10, 19]], both: [[10, 10]] },
    {
      name: "may have several parts",
      a: [
        [1, 10],
        [20, 30],
      ],
      b: [
        [5, 25],
        [30, 40],
      ],
      both: [
        [5, 10],
        [20, 25],
        [30, 30],
      ],
    },
  ])("$name", ({ a, b, both }) => {
    expect(intersectPorts(a, b)).toEqual(both);
    expect(intersectPorts(b, a)).toEqual(both);
  });
});

describe("a difference", () => {
  test.each<{ name: string; whole: PortSet; taken: PortSet; rest: PortSet }>([
    { name: "without anything taken is the whole", whole: [[1, 9]], taken: [], rest: [[1, 9]] },
    { name: "without everything is empty", whole: [[1, 9]], taken: [[1, 65_535]], rest: [] },
    { name: "without itself is empty", whole: [[1, 9]], taken: [[1, 9]], rest: [] },
    {
      name: "may have a hole",
      whole: [[1, 9]],
      taken: [[5, 5]],
      rest: [
        [1, 4],
        [6, 9],
      ],
    },
    {
      name: "loses its edges",
      whole: [
        [1, 9],
        [20, 29],
      ],
      taken: [[9, 20]],
      rest: [
        [1, 8],
        [21, 29],
      ],
    },
    {
      name: "of everything is the complement",
      whole: [[1, 65_535]],
      taken: [
        [1, 1],
        [65_535, 65_535],
      ],
      rest: [[2, 65_534]],
    },
  ])("$name", ({ whole, taken, rest }) => {
    expect(subtractPorts(whole, taken)).toEqual(rest);
  });
});

test("a set has its bounds and not their neighbours", () => {
  const set: PortSet = [
    [80, 90],
    [443, 443],
  ];
  expect([79, 80, 85, 90, 91, 442, 443, 444].filter((port) => hasPort(set, port))).toEqual([80, 85, 90, 443]);
});

test.each<{ set: PortSet; text: string }>([
  { set: NO_PORTS, text: "none" },
  { set: ALL_PORTS, text: "all" },
  { set: [[80, 80]], text: "80" },
  {
    set: [
      [80, 80],
      [443, 443],
      [9000, 9010],
    ],
    text: "80, 443, 9000-9010",
  },
  { set: [[1, 65_534]], text: "1-65534" },
])("a set for people is $text", ({ set, text }) => {
  expect(formatPorts(set)).toBe(text);
});

test.each<{ set: PortSet; boundaries: number[] }>([
  { set: NO_PORTS, boundaries: [] },
  { set: ALL_PORTS, boundaries: [1, 65_535] },
  { set: [[80, 80]], boundaries: [79, 80, 81] },
  {
    set: [
      [80, 90],
      [92, 99],
    ],
    boundaries: [79, 80, 90, 91, 92, 99, 100],
  },
])("the boundaries are $boundaries", ({ set, boundaries }) => {
  expect(portBoundaries(set)).toEqual(boundaries);
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
      const wanted = (isIn: (port: number) => boolean) => members([[1, 59] satisfies PortInterval]).filter(isIn);
      expect(members(unitePorts([a, b]))).toEqual(wanted((port) => inA.has(port) || inB.has(port)));
      expect(members(intersectPorts(a, b))).toEqual(wanted((port) => inA.has(port) && inB.has(port)));
      expect(members(subtractPorts(a, b))).toEqual(wanted((port) => inA.has(port) && !inB.has(port)));
      for (const set of [a, b, unitePorts([a, b]), intersectPorts(a, b), subtractPorts(a, b)]) {
        expect(isNormal(set)).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});

import { describe, expect, test } from "vitest";
import type { Labels, Requirement, Selector } from "../snapshot/index.ts";
import { selects } from "./selector.ts";

const CASES: readonly { name: string; selector: Selector; selected: Labels[]; passedOver: Labels[] }[] = [
  { name: "without requirements selects every object", selector: [], selected: [{}, { a: "x" }], passedOver: [] },
  {
    name: "In selects objects whose value is listed",
    selector: [requirement("a", "In", "x", "y")],
    selected: [{ a: "x" }, { a: "y", b: "z" }],
    passedOver: [{}, { a: "z" }, { a: "" }, { b: "x" }],
  },
  {
    name: "In with an empty value needs the key",
    selector: [requirement("a", "In", "")],
    selected: [{ a: "" }],
    passedOver: [{}, { a: "x" }],
  },
  {
    name: "NotIn selects objects that lack the key",
    selector: [requirement("a", "NotIn", "x", "y")],
    selected: [{}, { a: "z" }, { a: "" }, { b: "x" }],
    passedOver: [{ a: "x" }, { a: "y" }],
  },
  {
    name: "NotIn with an empty value selects objects that lack the key",
    selector: [requirement("a", "NotIn", "")],
    selected: [{}, { a: "x" }],
    passedOver: [{ a: "" }],
  },
  {
    name: "Exists selects objects with any value",
    selector: [requirement("a", "Exists")],
    selected: [{ a: "x" }, { a: "" }],
    passedOver: [{}, { b: "a" }],
  },
  {
    name: "DoesNotExist selects objects that lack the key",
    selector: [requirement("a", "DoesNotExist")],
    selected: [{}, { b: "a" }],
    passedOver: [{ a: "x" }, { a: "" }],
  },
  {
    name: "with several requirements needs them all",
    selector: [requirement("a", "In", "x"), requirement("b", "DoesNotExist")],
    selected: [{ a: "x" }, { a: "x", c: "y" }],
    passedOver: [{}, { a: "x", b: "" }, { a: "y" }],
  },
  {
    name: "with contradicting requirements selects nothing",
    selector: [requirement("a", "In", "x"), requirement("a", "In", "y")],
    selected: [],
    passedOver: [{ a: "x" }, { a: "y" }, {}],
  },
  {
    name: "takes no inherited property for a label",
    selector: [requirement("toString", "Exists")],
    selected: [{ toString: "x" } as Labels],
    passedOver: [{}, { a: "toString" }],
  },
];

function requirement(key: string, operator: Requirement["operator"], ...values: string[]): Requirement {
  return { key, operator, values };
}

describe("a selector", () => {
  for (const { name, selector, selected, passedOver } of CASES) {
    test(name, () => {
      expect([...selected, ...passedOver].filter((labels) => selects(selector, labels))).toEqual(selected);
    });
  }
});

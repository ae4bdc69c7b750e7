import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { selects } from "../expectation/index.ts";
import type { Labels, Requirement, Selector } from "../snapshot/index.ts";
import { nearMisses, selectedLabels } from "./label-choice.ts";

const app = (operator: Requirement["operator"], ...values: string[]): Requirement => ({ key: "app", operator, values });

describe("labels that a selector selects", () => {
  it.each([
    { name: "a label", selector: [app("In", "web")], labels: [{ app: "web" }] },
    { name: "each value of an In", selector: [app("In", "a", "b")], labels: [{ app: "a" }, { app: "b" }] },
    { name: "absence for NotIn", selector: [app("NotIn", "web")], labels: [{}] },
    { name: "absence for DoesNotExist", selector: [app("DoesNotExist")], labels: [{}] },
    { name: "some value for Exists", selector: [app("Exists")], labels: [{ app: "some" }] },
    {
      name: "another value for Exists with NotIn",
      selector: [app("Exists"), app("NotIn", "web")],
      labels: [{ app: "not-web" }],
    },
    { name: "an empty value", selector: [app("In", "")], labels: [{ app: "" }] },
    { name: "no labels for the empty selector", selector: [], labels: [{}] },
    {
      name: "nothing where requirements contradict each other",
      selector: [app("In", "a"), app("In", "b")],
      labels: [],
    },
  ])("are $name", ({ selector, labels }) => {
    expect(selectedLabels(selector)).toEqual(labels);
  });
});

describe("near misses", () => {
  it.each([
    { name: "another value and absence for a label", selector: [app("In", "web")], labels: [{ app: "not-web" }, {}] },
    { name: "each listed value for NotIn", selector: [app("NotIn", "a", "b")], labels: [{ app: "a" }, { app: "b" }] },
    { name: "absence for Exists", selector: [app("Exists")], labels: [{}] },
    { name: "presence for DoesNotExist", selector: [app("DoesNotExist")], labels: [{ app: "some" }] },
    { name: "none for the empty selector", selector: [], labels: [] },
  ])("are $name", ({ selector, labels }) => {
    expect(nearMisses(selector).map((miss) => miss.labels)).toEqual(labels);
  });

  it("keep every other requirement", () => {
    const tier: Requirement = { key: "tier", operator: "In", values: ["back"] };
    expect(nearMisses([app("In", "web"), tier]).map((miss) => miss.labels)).toEqual([
      { app: "not-web", tier: "back" },
      { tier: "back" },
      { app: "web", tier: "not-back" },
      { app: "web" },
    ]);
  });

  it("say which requirement fails", () => {
    expect(nearMisses([app("In", "web")])[0]?.why).toBe("fails only app=web");
  });
});

describe("for any selector", () => {
  const requirement = fc.oneof(
    fc.record({
      key: fc.constantFrom("a", "b"),
      operator: fc.constantFrom("In", "NotIn"),
      values: fc.array(fc.constantFrom("", "x", "y", "not-x"), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({
      key: fc.constantFrom("a", "b"),
      operator: fc.constantFrom("Exists", "DoesNotExist"),
      values: fc.constant([]),
    }),
  ) as fc.Arbitrary<Requirement>;
  const selector: fc.Arbitrary<Selector> = fc.array(requirement, { maxLength: 4 });

  it("the chosen labels are selected", () => {
    fc.assert(fc.property(selector, (any) => selectedLabels(any).every((labels) => selects(any, labels))));
  });

  it("each near miss fails exactly one requirement", () => {
    fc.assert(
      fc.property(selector, (any) => {
        const distinct = [...new Map(any.map((item) => [JSON.stringify(item), item])).values()];
        return nearMisses(distinct).every(({ labels }) => failing(distinct, labels) === 1);
      }),
    );
  });
});

function failing(selector: Selector, labels: Labels): number {
  return selector.filter((requirement) => !selects([requirement], labels)).length;
}

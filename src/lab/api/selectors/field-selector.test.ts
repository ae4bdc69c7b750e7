import { describe, expect, test } from "vitest";
import { resourceOfKind } from "../resources.ts";
import { parseFieldSelector } from "./field-selector.ts";

const PODS = resourceOfKind("Pod");
const RUNNING = { metadata: { name: "a", namespace: "shop" }, spec: { nodeName: "n1" }, status: { phase: "Running" } };
const PENDING = { metadata: { name: "b", namespace: "shop" }, spec: {}, status: { phase: "Pending" } };

describe("a field selector", () => {
  test.each([
    ["", "a b"],
    ["metadata.name=a", "a"],
    ["metadata.name==a", "a"],
    ["metadata.name!=a", "b"],
    ["metadata.namespace=shop,status.phase=Pending", "b"],
    ["spec.nodeName=", "b"],
    ["spec.nodeName!=", "a"],
  ])("%j selects %j", (selector, expected) => {
    if (PODS === undefined) throw new Error("no pods");
    const matches = parseFieldSelector(selector, PODS);
    const selected = [RUNNING, PENDING].filter(matches).map(({ metadata }) => metadata.name);
    expect(selected.join(" ")).toBe(expected);
  });

  test.each([
    ["spec.image=a", "field label not supported: spec.image"],
    ["metadata.name", "invalid selector: 'metadata.name'; can't understand 'metadata.name'"],
  ])("%j is refused, never ignored", (selector, message) => {
    if (PODS === undefined) throw new Error("no pods");
    expect(() => parseFieldSelector(selector, PODS)).toThrow(message);
  });
});

import { describe, expect, test } from "vitest";
import { applyPatch } from "./apply.ts";
import { jsonPatch } from "./json-patch.ts";
import { mergePatch } from "./merge-patch.ts";

describe("a merge patch", () => {
  // The examples of RFC 7396, appendix A.
  test.each([
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b" }, { a: null }, {}],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: "b", c: null }, { a: "b" }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])("turns %j by %j into %j", (target, patch, expected) => {
    expect(mergePatch(target, patch)).toEqual(expected);
  });
});

describe("a JSON patch", () => {
  const target = { a: [1, 2], b: { "c/d": 1, "e~f": 2 } };

  test.each([
    ["adds at the end of a list", [{ op: "add", path: "/a/-", value: 3 }], { ...target, a: [1, 2, 3] }],
    ["inserts into a list", [{ op: "add", path: "/a/1", value: 9 }], { ...target, a: [1, 9, 2] }],
    [
      "replaces behind an escaped name",
      [{ op: "replace", path: "/b/c~1d", value: 9 }],
      { a: [1, 2], b: { "c/d": 9, "e~f": 2 } },
    ],
    ["removes behind an escaped tilde", [{ op: "remove", path: "/b/e~0f" }], { a: [1, 2], b: { "c/d": 1 } }],
    ["moves", [{ op: "move", from: "/a/0", path: "/x" }], { ...target, a: [2], x: 1 }],
    ["copies", [{ op: "copy", from: "/a", path: "/x" }], { ...target, x: [1, 2] }],
    [
      "goes on after a test that holds",
      [
        { op: "test", path: "/a", value: [1, 2] },
        { op: "remove", path: "/b" },
      ],
      { a: [1, 2] },
    ],
    ["replaces the whole", [{ op: "replace", path: "", value: { z: 1 } }], { z: 1 }],
  ])("%s", (_, patch, expected) => {
    expect(jsonPatch(target, patch)).toEqual(expected);
    expect(target.a).toEqual([1, 2]);
  });

  test.each([
    ["a test that fails", [{ op: "test", path: "/a", value: 1 }]],
    ["removing what is not there", [{ op: "remove", path: "/x" }]],
    ["replacing what is not there", [{ op: "replace", path: "/x", value: 1 }]],
    ["adding below what is not there", [{ op: "add", path: "/x/y", value: 1 }]],
    ["an index beyond the end", [{ op: "add", path: "/a/5", value: 1 }]],
    ["an index with a leading zero", [{ op: "remove", path: "/a/01" }]],
    ["an unknown operation", [{ op: "swap", path: "/a" }]],
    ["a path into the prototype", [{ op: "add", path: "/__proto__/x", value: 1 }]],
    ["a path into an inherited method", [{ op: "add", path: "/constructor/x", value: 1 }]],
  ])("is refused for %s", (_, patch) => {
    expect(() => jsonPatch(target, patch)).toThrow("the server rejected our request due to an error in our request");
  });
});

describe("a server-side apply", () => {
  test("adds to what others have set", () => {
    expect(applyPatch({ labels: { a: "1" }, x: 1 }, { labels: { b: "2" } }, undefined)).toEqual({
      labels: { a: "1", b: "2" },
      x: 1,
    });
  });

  test("takes away what the same manager applied before and leaves out now, and nothing else", () => {
    const live = { labels: { a: "1", b: "2", c: "3" }, spec: { egress: [{}], policyTypes: ["Egress"] } };
    const before = { labels: { a: "1", b: "2" }, spec: { egress: [{}] } };
    expect(applyPatch(live, { labels: { a: "1" }, spec: {} }, before)).toEqual({
      labels: { a: "1", c: "3" },
      spec: { policyTypes: ["Egress"] },
    });
    expect(applyPatch(live, { spec: { egress: [] } }, before)).toEqual({
      labels: { c: "3" },
      spec: { egress: [], policyTypes: ["Egress"] },
    });
  });
});

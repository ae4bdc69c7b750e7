import { describe, expect, test } from "vitest";
import { createStore, type Draft, type StoredChange } from "./store.ts";

function pod(name: string, more: object = {}): Draft {
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "shop" }, ...more };
}

describe("the store", () => {
  test("gives a new object its uid, version and time, each version once", () => {
    const store = createStore({ firstVersion: 7, now: () => new Date("2026-11-24T10:00:00.987Z") });
    expect(store.create(pod("a"))?.metadata).toMatchObject({
      resourceVersion: "8",
      creationTimestamp: "2026-11-24T10:00:00Z",
      uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(store.create(pod("b"))?.metadata.resourceVersion).toBe("9");
    expect(store.version).toBe(9);
  });

  test("does not store a second object of a name", () => {
    const store = createStore();
    store.create(pod("a"));
    expect(store.create(pod("a"))).toBeUndefined();
    expect(store.list("Pod")).toHaveLength(1);
  });

  test("freezes what it holds, and what it was given stays changeable", () => {
    const store = createStore();
    const labels = { app: "web" };
    const stored = store.create({ ...pod("a"), metadata: { name: "a", namespace: "shop", labels } });
    labels.app = "changed";
    expect(stored?.metadata.labels).toEqual({ app: "web" });
    expect(Object.isFrozen(stored?.metadata.labels)).toBe(true);
  });

  test("an update keeps the identity, whatever the change makes of it", () => {
    const store = createStore();
    const before = store.create(pod("a"));
    store.update("Pod", "shop", "a", () => ({ apiVersion: "v9", metadata: { name: "x", uid: "x" }, spec: { a: 1 } }));
    const { name, namespace, uid, creationTimestamp } = before?.metadata ?? {};
    expect(store.get("Pod", "shop", "a")).toMatchObject({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace, uid, creationTimestamp },
      spec: { a: 1 },
    });
  });

  test("an update that changes nothing makes no version and no event", () => {
    const store = createStore();
    const before = store.create(pod("a", { spec: { x: [1, { y: 2 }] } }));
    const changes: StoredChange[] = [];
    store.onChange("Pod", (change) => changes.push(change));
    const after = store.update("Pod", "shop", "a", (old) => ({ ...old, spec: { x: [1, { y: 2 }] } }));
    expect(after).toBe(before);
    expect(changes).toEqual([]);
  });

  test("an update of what is gone does nothing", () => {
    const store = createStore();
    expect(store.update("Pod", "shop", "a", (old) => old)).toBeUndefined();
    expect(store.remove("Pod", "shop", "a")).toBeUndefined();
    expect(store.version).toBe(1000);
  });

  test("a removal is a version of its own, which its event carries", () => {
    const store = createStore();
    store.create(pod("a"));
    const changes: StoredChange[] = [];
    store.onChange("Pod", (change) => changes.push(change));
    store.remove("Pod", "shop", "a");
    expect(changes).toMatchObject([
      { type: "DELETED", version: 1002, object: { metadata: { resourceVersion: "1002" } } },
    ]);
    expect(store.get("Pod", "shop", "a")).toBeUndefined();
  });

  test("lists by namespace, then by name", () => {
    const store = createStore();
    for (const [namespace, name] of [
      ["b", "x"],
      ["a", "z"],
      ["a-b", "y"],
      ["a", "y"],
    ] as const) {
      store.create({ apiVersion: "v1", kind: "Pod", metadata: { name, namespace } });
    }
    // "-" sorts before "/", as in the storage of a real server.
    expect(store.list("Pod").map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toEqual([
      "a-b/y",
      "a/y",
      "a/z",
      "b/x",
    ]);
    expect(store.list("Pod", "a")).toHaveLength(2);
  });

  test("tells all listeners of changes in one order, though one of them makes further changes", () => {
    const store = createStore();
    const seen: string[] = [];
    store.onChange("Pod", ({ type, object }) => {
      if (type === "ADDED") store.update("Pod", "shop", object.metadata.name, (old) => ({ ...old, status: "seen" }));
    });
    store.onChange("Pod", ({ type, version }) => seen.push(`${type} ${version}`));
    store.create(pod("a"));
    expect(seen).toEqual(["ADDED 1001", "MODIFIED 1002"]);
  });

  test("does not tell a listener that was stopped, nor one of another kind", () => {
    const store = createStore();
    const seen: string[] = [];
    const stop = store.onChange("Pod", () => seen.push("pod"));
    store.onChange("Node", () => seen.push("node"));
    store.create(pod("a"));
    stop();
    store.create(pod("b"));
    expect(seen).toEqual(["pod"]);
  });

  test("remembers a bounded number of changes, and says from where they are complete", () => {
    const store = createStore({ firstVersion: 0, historyLength: 10 });
    for (let i = 0; i < 21; i += 1) store.create(pod(`p${i}`));
    expect(store.oldestVersion).toBe(11);
    expect(store.changesSince("Pod", 11).map(({ version }) => version)).toEqual([
      12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
    ]);
    expect(store.changesSince("Node", 11)).toEqual([]);
  });

  test("refuses a field that would reach into the prototype, and data of endless depth", () => {
    const store = createStore();
    expect(() => store.create(pod("a", JSON.parse('{"spec":{"__proto__":{"x":1}}}')))).toThrow("__proto__");
    const deep = JSON.parse(`${"[".repeat(300)}${"]".repeat(300)}`);
    expect(() => store.create(pod("a", { spec: deep }))).toThrow("exceeded max depth");
  });
});

import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { at } from "../fields.ts";
import { startTestServer, type TestServer, type WatchEvent } from "../test-server.ts";

const POLICIES = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies";

let lab: TestServer;

beforeEach(async () => {
  lab = await startTestServer({ historyLength: 20 });
});

afterEach(() => lab[Symbol.asyncDispose]());

function createPolicy(name: string, labels: object = {}): Promise<unknown> {
  return lab.send("POST", POLICIES, { body: { metadata: { name, labels } } });
}

function label(name: string, labels: object): Promise<unknown> {
  const contentType = "application/merge-patch+json";
  return lab.send("PATCH", `${POLICIES}/${name}`, { body: { metadata: { labels } }, contentType });
}

function told(events: readonly WatchEvent[]): readonly string[] {
  return events.map(({ type, object }) => `${type} ${object.metadata.name ?? ""}`.trim());
}

describe("a watch", () => {
  test("tells the life of a policy as a genuine server did", async () => {
    const lines = readFileSync("test/fixtures/kubernetes-api/watch-networkpolicies.ndjson", "utf8").trim().split("\n");
    const recorded = lines.map((line): WatchEvent => JSON.parse(line));
    const from = lab.store.version;
    const watching = lab.watch(
      `${POLICIES}?watch=true&resourceVersion=${from}&timeoutSeconds=1&allowWatchBookmarks=true`,
    );
    await createPolicy("w");
    await label("w", { a: "b" });
    await lab.send("DELETE", `${POLICIES}/w`);
    const events = await watching;
    expect(told(events)).toEqual(told(recorded));
    for (const [i, { object }] of recorded.entries()) {
      expect(at(events[i]?.object, "spec")).toEqual(at(object, "spec"));
      expect(at(events[i]?.object, "metadata.labels")).toEqual(at(object, "metadata.labels"));
      expect(at(events[i]?.object, "metadata.generation")).toEqual(at(object, "metadata.generation"));
      expect(Object.keys(events[i]?.object ?? {})).toEqual(Object.keys(object));
    }
    const versions = events.map(({ object }) => Number(object.metadata.resourceVersion) - from);
    expect(versions).toEqual([1, 2, 3, 3]);
  });

  test("marks its place for pods with the shape that a genuine server gives an empty pod", async () => {
    const lines = readFileSync("test/fixtures/kubernetes-api/watch-pods.ndjson", "utf8").trim().split("\n");
    const recorded = lines.map((line): WatchEvent => JSON.parse(line)).find(({ type }) => type === "BOOKMARK");
    const path = `/api/v1/pods?watch=true&resourceVersion=${lab.store.version}&timeoutSeconds=1&allowWatchBookmarks=true`;
    const [mark] = await lab.watch(path);
    const metadata = { resourceVersion: String(lab.store.version) };
    expect(mark).toEqual({ type: "BOOKMARK", object: { ...recorded?.object, metadata } });
  });

  test.each(["", "&resourceVersion=0"])("begins with what there is where it starts nowhere (%j)", async (from) => {
    await createPolicy("a");
    const watching = lab.watch(`${POLICIES}?watch=true&timeoutSeconds=1${from}`);
    expect(told(await watching)).toEqual(["ADDED a"]);
  });

  test("begins after its version where it names one, without a gap to what follows", async () => {
    await createPolicy("a");
    const version = lab.store.version;
    await createPolicy("b");
    const watching = lab.watch(`${POLICIES}?watch=1&resourceVersion=${version}`, 2);
    await createPolicy("c");
    expect(told(await watching)).toEqual(["ADDED b", "ADDED c"]);
  });

  test("sends the state and says when it was all, where initial events are asked for", async () => {
    await createPolicy("a");
    const query = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    const events = await lab.watch(`${POLICIES}?${query}`, 2);
    expect(told(events)).toEqual(["ADDED a", "BOOKMARK"]);
    expect(at(events[1], "object.metadata.annotations")).toEqual({ "k8s.io/initial-events-end": "true" });
  });

  test("tells of objects that come into its label selector and leave it", async () => {
    const from = lab.store.version;
    const watching = lab.watch(`${POLICIES}?watch=true&resourceVersion=${from}&labelSelector=a%3Db`, 4);
    await createPolicy("p");
    await label("p", { a: "b" });
    await label("p", { c: "d" });
    await label("p", { a: null });
    await label("p", { e: "f" });
    await label("p", { a: "b" });
    const events = await watching;
    expect(told(events)).toEqual(["ADDED p", "MODIFIED p", "DELETED p", "ADDED p"]);
    // The object as it was when it still matched, at the version of the change.
    expect(events[2]?.object.metadata).toMatchObject({ labels: { a: "b", c: "d" }, resourceVersion: String(from + 4) });
  });

  test("tells of one object by field selector, and of one namespace by its path", async () => {
    await lab.send("POST", "/api/v1/namespaces", { body: { metadata: { name: "other" } } });
    const from = lab.store.version;
    const watching = lab.watch(`${POLICIES}?watch=true&resourceVersion=${from}&fieldSelector=metadata.name%3Db`, 1);
    const all = lab.watch(`/apis/networking.k8s.io/v1/networkpolicies?watch=true&resourceVersion=${from}`, 3);
    await createPolicy("a");
    await lab.send("POST", POLICIES.replace("default", "other"), { body: { metadata: { name: "b" } } });
    await createPolicy("b");
    expect(told(await watching)).toEqual(["ADDED b"]);
    expect(told(await all)).toEqual(["ADDED a", "ADDED b", "ADDED b"]);
  });

  test("from a version that is forgotten is told so, and ends", async () => {
    const from = lab.store.version;
    for (let i = 0; i < 50; i += 1) await createPolicy(`p${i}`);
    const events = await lab.watch(`${POLICIES}?watch=true&resourceVersion=${from}`);
    const message = `too old resource version: ${from} (${lab.store.oldestVersion})`;
    expect(events).toEqual([
      {
        type: "ERROR",
        object: {
          kind: "Status",
          apiVersion: "v1",
          metadata: {},
          status: "Failure",
          message,
          reason: "Expired",
          code: 410,
        },
      },
    ]);
  });

  test("leaves nothing behind in the store when its reader goes away", async () => {
    await lab.watch(`${POLICIES}?watch=true&resourceVersion=0&timeoutSeconds=1`);
    const before = lab.store.version;
    await createPolicy("after");
    expect(lab.store.version).toBe(before + 1);
  });

  test("ends at once when the server closes", async () => {
    const watching = lab.watch(`${POLICIES}?watch=true&resourceVersion=0`).catch(() => "cut");
    await lab.send("GET", "/readyz");
    const startedAt = performance.now();
    await lab.server.close();
    expect(["cut", []]).toContainEqual(await watching);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  test("of a resource that cannot be watched is not allowed", async () => {
    const answer = await lab.send("GET", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews?watch=true");
    expect(answer.code).toBe(405);
  });
});

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { at } from "../fields.ts";
import { startTestServer, type TestServer } from "../test-server.ts";

const POLICIES = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies";
const MERGE = "application/merge-patch+json";
const STRATEGIC = "application/strategic-merge-patch+json";
const APPLY = "application/apply-patch+yaml";

let lab: TestServer;

beforeEach(async () => {
  lab = await startTestServer();
});

afterEach(() => lab[Symbol.asyncDispose]());

async function createPolicy(spec: object = {}): Promise<unknown> {
  return (await lab.send("POST", POLICIES, { body: { metadata: { name: "p" }, spec } })).body;
}

describe("creating", () => {
  test("draws a name where only its beginning is given", async () => {
    const { body } = await lab.send("POST", POLICIES, { body: { metadata: { generateName: "np-" } } });
    expect(at(body, "metadata.name")).toMatch(/^np-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    expect(at(body, "metadata.generateName")).toBe("np-");
  });

  test("stores nothing in a dry run", async () => {
    const version = lab.store.version;
    const { body, code } = await lab.send("POST", `${POLICIES}?dryRun=All`, { body: { metadata: { name: "p" } } });
    expect(code).toBe(201);
    expect(at(body, "metadata")).not.toHaveProperty("resourceVersion");
    expect(lab.store.version).toBe(version);
  });

  test("ignores what only the server may say", async () => {
    const metadata = {
      name: "p",
      uid: "mine",
      creationTimestamp: null,
      generation: 9,
      deletionTimestamp: "2026-01-01T00:00:00Z",
    };
    const { body } = await lab.send("POST", POLICIES, { body: { metadata } });
    expect(at(body, "metadata.uid")).not.toBe("mine");
    expect(at(body, "metadata.generation")).toBe(1);
    expect(at(body, "metadata")).not.toHaveProperty("deletionTimestamp");
  });

  test.each([
    ["a version", { metadata: { name: "p", resourceVersion: "5" } }, 500, "resourceVersion should not be set"],
    [
      "another namespace",
      { metadata: { name: "p", namespace: "x" } },
      400,
      "does not match the namespace sent on the request",
    ],
    [
      "another kind",
      { kind: "Pod", metadata: { name: "p" } },
      400,
      'Pod in version "v1" cannot be handled as a NetworkPolicy',
    ],
    [
      "another version of the API",
      { apiVersion: "v9", metadata: { name: "p" } },
      400,
      "does not match the expected API version",
    ],
    [
      "labels that are no text",
      { metadata: { name: "p", labels: { a: 1 } } },
      400,
      "ObjectMeta.metadata.labels of type string",
    ],
    [
      "an annotation that cannot be",
      { metadata: { name: "p", annotations: { "a b": "" } } },
      422,
      "metadata.annotations",
    ],
    [
      "an owner without a uid",
      { metadata: { name: "p", ownerReferences: [{ kind: "Job", name: "j" }] } },
      422,
      "ownerReferences[0].uid",
    ],
  ])("with %s is refused", async (_, body, code, message) => {
    const answer = await lab.send("POST", POLICIES, { body });
    expect(answer.body).toMatchObject({ code, message: expect.stringContaining(message) });
  });

  test.each([
    ["text/yaml", "{}", 415],
    ["application/vnd.kubernetes.protobuf", "k8s", 400],
    ["application/json", "nonsense", 400],
    ["application/json", '{"a": "\u0000', 400],
    ["application/json", `${"[".repeat(100_000)}${"]".repeat(100_000)}`, 400],
    ["application/json", '{"metadata":{"labels":{"__proto__":"x"}}}', 400],
  ])("from a body of %s that is none is refused", async (contentType, body, code) => {
    expect((await lab.send("POST", POLICIES, { body, contentType })).code).toBe(code);
  });

  test("across all namespaces is not allowed", async () => {
    const answer = await lab.send("POST", "/apis/networking.k8s.io/v1/networkpolicies", {
      body: { metadata: { name: "p" } },
    });
    expect(answer.code).toBe(405);
  });
});

describe("updating", () => {
  test("counts a generation for a change of the spec only", async () => {
    const created = await createPolicy();
    const labelled = await lab.send("PUT", `${POLICIES}/p`, {
      body: { ...(created as object), metadata: { name: "p", labels: { a: "b" } } },
    });
    expect(at(labelled.body, "metadata.generation")).toBe(1);
    const opened = await lab.send("PUT", `${POLICIES}/p`, {
      body: { metadata: { name: "p" }, spec: { ingress: [{}] } },
    });
    expect(at(opened.body, "metadata.generation")).toBe(2);
    expect(at(opened.body, "metadata.uid")).toBe(at(created, "metadata.uid"));
    expect(at(opened.body, "metadata")).not.toHaveProperty("labels");
  });

  test("with the same content is no change", async () => {
    const created = await createPolicy();
    const { body } = await lab.send("PUT", `${POLICIES}/p`, { body: created });
    expect(body).toEqual(created);
  });

  test("validates as creating does", async () => {
    await createPolicy();
    const { body } = await lab.send("PUT", `${POLICIES}/p`, {
      body: { metadata: { name: "p" }, spec: { policyTypes: ["No"] } },
    });
    expect(body).toMatchObject({ code: 422 });
  });

  test.each([
    ["what is not there", "q", { metadata: { name: "q" } }, 404],
    ["under another name", "p", { metadata: { name: "q" } }, 400],
    ["under another uid", "p", { metadata: { name: "p", uid: "x" } }, 409],
  ])("%s is refused", async (_, name, body, code) => {
    await createPolicy();
    expect((await lab.send("PUT", `${POLICIES}/${name}`, { body })).code).toBe(code);
  });
});

describe("patching", () => {
  test("replaces the rules of a policy as a whole, strategically too", async () => {
    await createPolicy({ ingress: [{ from: [{ podSelector: {} }] }, {}] });
    const body = { spec: { ingress: [{ ports: [{ port: 80 }] }] } };
    const { body: patched } = await lab.send("PATCH", `${POLICIES}/p`, { body, contentType: STRATEGIC });
    expect(at(patched, "spec.ingress")).toEqual([{ ports: [{ protocol: "TCP", port: 80 }] }]);
  });

  test("strategically by items leaves the other items and fields alone", async () => {
    const pods = "/api/v1/namespaces/default/pods";
    await lab.send("POST", pods, {
      body: {
        metadata: { name: "x" },
        spec: {
          containers: [
            { name: "c", image: "i", env: [{ name: "A" }] },
            { name: "d", image: "i" },
          ],
        },
      },
    });
    const body = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "j" }] } };
    const { body: patched } = await lab.send("PATCH", `${pods}/x`, { body, contentType: STRATEGIC });
    expect(at(patched, "spec.containers")).toMatchObject([
      { name: "c", image: "j", env: [{ name: "A" }] },
      { name: "d" },
    ]);
    expect(at(patched, "metadata.labels")).toEqual({ a: "b" });
  });

  test("from a version that is not the newest is a conflict", async () => {
    await createPolicy();
    const body = { metadata: { resourceVersion: "1", labels: { a: "b" } } };
    expect((await lab.send("PATCH", `${POLICIES}/p`, { body, contentType: MERGE })).code).toBe(409);
  });

  test("warns of fields that are unknown", async () => {
    await createPolicy();
    const answer = await lab.send("PATCH", `${POLICIES}/p`, { body: { spec: { egres: [] } }, contentType: MERGE });
    expect(answer.headers.warning).toBe('299 - "unknown field \\"spec.egres\\""');
    const ignored = `${POLICIES}/p?fieldValidation=Ignore`;
    expect((await lab.send("PATCH", ignored, { body: { x: 1 }, contentType: MERGE })).headers.warning).toBeUndefined();
  });

  test("carries a warning of any letters without breaking the answer", async () => {
    const body = { metadata: { name: "u" }, "später\r\n€": 1 };
    const answer = await lab.send("POST", POLICIES, { body });
    expect(answer.code).toBe(201);
    expect(Buffer.from(String(answer.headers.warning), "latin1").toString()).toContain("später");
  });

  test("applies, applies again with less, and takes away what is no longer applied", async () => {
    const url = `${POLICIES}/p?fieldManager=netproof`;
    const full = { metadata: { labels: { a: "b" } }, spec: { ingress: [{}], egress: [{}] } };
    expect((await lab.send("PATCH", url, { body: full, contentType: APPLY })).code).toBe(201);
    await lab.send("PATCH", `${POLICIES}/p`, { body: { metadata: { labels: { other: "x" } } }, contentType: MERGE });
    const less = await lab.send("PATCH", url, { body: { spec: { ingress: [{}] } }, contentType: APPLY });
    expect(less.code).toBe(200);
    expect(less.body).toMatchObject({ metadata: { labels: { other: "x" } } });
    expect(at(less.body, "metadata.labels")).not.toHaveProperty("a");
    expect(at(less.body, "spec")).not.toHaveProperty("egress");
  });

  test("applies for a named manager only", async () => {
    expect((await lab.send("PATCH", `${POLICIES}/p`, { body: {}, contentType: APPLY })).code).toBe(422);
  });
});

describe("deleting a collection", () => {
  test("deletes what the selector selects, and answers with it", async () => {
    for (const name of ["a", "b", "c"]) {
      await lab.send("POST", POLICIES, { body: { metadata: { name, labels: { keep: String(name === "b") } } } });
    }
    const { body } = await lab.send("DELETE", `${POLICIES}?labelSelector=keep%21%3Dtrue`);
    expect(at(body, "items")).toHaveLength(2);
    expect(lab.store.list("NetworkPolicy").map(({ metadata }) => metadata.name)).toEqual(["b"]);
  });
});

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { at } from "./fields.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

const PODS = "/api/v1/namespaces/shop/pods";
const CONTAINERS = [{ name: "c", image: "i" }];

let lab: TestServer;

beforeEach(async () => {
  lab = await startTestServer();
  await lab.send("POST", "/api/v1/namespaces", { body: { metadata: { name: "shop" } } });
});

afterEach(() => lab[Symbol.asyncDispose]());

/** A pod that a kubelet looks after. */
async function runPod(name: string, spec: object = {}, metadata: object = {}): Promise<void> {
  await lab.send("POST", PODS, {
    body: { metadata: { name, ...metadata }, spec: { containers: CONTAINERS, ...spec } },
  });
  lab.store.update("Pod", "shop", name, (pod) => ({
    ...pod,
    spec: { ...(pod.spec as object), nodeName: "node1" },
    status: { phase: "Running" },
  }));
}

/** A turn of the event loop, after which what happens in the background has happened. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe("a namespace", () => {
  test("has its name as a label, a phase, and a default service account at once", async () => {
    const { body } = await lab.send("GET", "/api/v1/namespaces/shop");
    expect(body).toMatchObject({
      metadata: { labels: { "kubernetes.io/metadata.name": "shop" } },
      status: { phase: "Active" },
    });
    expect((await lab.send("GET", "/api/v1/namespaces/shop/serviceaccounts/default")).code).toBe(200);
  });

  test("keeps its name label, whatever a client does to it", async () => {
    const contentType = "application/merge-patch+json";
    const body = { metadata: { labels: { "kubernetes.io/metadata.name": null, team: "a" } } };
    const patched = await lab.send("PATCH", "/api/v1/namespaces/shop", { body, contentType });
    expect(at(patched.body, "metadata.labels")).toEqual({ "kubernetes.io/metadata.name": "shop", team: "a" });
  });

  test("goes with its content, but not before the kubelet has taken its pods away", async () => {
    await runPod("p");
    await lab.send("POST", "/api/v1/namespaces/shop/configmaps", { body: { metadata: { name: "c" } } });
    const deleted = await lab.send("DELETE", "/api/v1/namespaces/shop");
    expect(deleted.body).toMatchObject({ status: { phase: "Terminating" } });
    await settle();
    expect((await lab.send("GET", "/api/v1/namespaces/shop/configmaps/c")).code).toBe(404);
    expect(lab.store.get("Pod", "shop", "p")?.metadata.deletionGracePeriodSeconds).toBe(30);
    expect((await lab.send("GET", "/api/v1/namespaces/shop")).code).toBe(200);
    expect((await lab.send("DELETE", "/api/v1/namespaces/shop")).code).toBe(409);
    lab.store.remove("Pod", "shop", "p");
    await settle();
    expect((await lab.send("GET", "/api/v1/namespaces/shop")).code).toBe(404);
    expect(lab.store.list("ServiceAccount", "shop")).toEqual([]);
  });

  test("cannot be deleted together with others", async () => {
    expect((await lab.send("DELETE", "/api/v1/namespaces")).code).toBe(405);
  });
});

describe("a pod", () => {
  test("is marked for its kubelet when it is deleted, and stays until that is done", async () => {
    await runPod("p", { terminationGracePeriodSeconds: 5 });
    const { body, code } = await lab.send("DELETE", `${PODS}/p`);
    expect(code).toBe(200);
    expect(body).toMatchObject({ kind: "Pod", metadata: { deletionGracePeriodSeconds: 5, generation: 2 } });
    expect(at(body, "metadata.deletionTimestamp")).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    await settle();
    expect(lab.store.get("Pod", "shop", "p")).toBeDefined();
  });

  test("has its grace period shortened by a second deletion, and never lengthened", async () => {
    await runPod("p");
    const grace = async (seconds: number): Promise<unknown> => {
      const { body } = await lab.send("DELETE", `${PODS}/p`, { body: { gracePeriodSeconds: seconds } });
      return at(body, "metadata.deletionGracePeriodSeconds");
    };
    expect([await grace(20), await grace(25), await grace(0)]).toEqual([20, 20, 0]);
    expect(lab.store.get("Pod", "shop", "p")?.metadata.generation).toBe(2);
  });

  test("that no kubelet has taken over yet goes at once", async () => {
    await lab.send("POST", PODS, { body: { metadata: { name: "p" }, spec: { containers: CONTAINERS } } });
    const events = lab.watch(`${PODS}?watch=true&resourceVersion=${lab.store.version}`, 2);
    await lab.send("DELETE", `${PODS}/p`);
    expect(lab.store.get("Pod", "shop", "p")).toBeUndefined();
    expect((await events).map(({ type }) => type)).toEqual(["MODIFIED", "DELETED"]);
  });

  test("is not deleted by a dry run, nor under a uid or version that is not its own", async () => {
    await runPod("p");
    expect((await lab.send("DELETE", `${PODS}/p?dryRun=All`)).code).toBe(200);
    expect((await lab.send("DELETE", `${PODS}/p`, { body: { dryRun: ["All"] } })).code).toBe(200);
    const preconditions = [{ uid: "other" }, { resourceVersion: "1" }];
    for (const one of preconditions) {
      const answer = await lab.send("DELETE", `${PODS}/p`, { body: { preconditions: one } });
      expect(answer.body).toMatchObject({ code: 409, reason: "Conflict" });
    }
    expect(lab.store.get("Pod", "shop", "p")?.metadata.deletionTimestamp).toBeUndefined();
  });

  test("needs its service account", async () => {
    lab.store.remove("ServiceAccount", "shop", "default");
    const { body } = await lab.send("POST", PODS, {
      body: { metadata: { name: "p" }, spec: { containers: CONTAINERS } },
    });
    expect(body).toMatchObject({
      code: 403,
      message:
        'pods "p" is forbidden: error looking up service account shop/default: serviceaccount "default" not found',
    });
  });

  test("has its status changed through its own path only, and that path changes nothing else", async () => {
    await runPod("p");
    const contentType = "application/merge-patch+json";
    const body = { spec: { nodeName: "other" }, status: { phase: "Succeeded" } };
    const byStatus = await lab.send("PATCH", `${PODS}/p/status`, { body, contentType });
    expect(byStatus.body).toMatchObject({ spec: { nodeName: "node1" }, status: { phase: "Succeeded" } });
    const byItself = await lab.send("PATCH", `${PODS}/p`, { body: { status: { phase: "Failed" } }, contentType });
    expect(byItself.body).toMatchObject({ status: { phase: "Succeeded" } });
  });

  test("keeps its spec while it runs", async () => {
    await runPod("p");
    const contentType = "application/merge-patch+json";
    const labels = await lab.send("PATCH", `${PODS}/p`, { body: { metadata: { labels: { a: "b" } } }, contentType });
    expect(labels.body).toMatchObject({ metadata: { labels: { a: "b" }, generation: 1 } });
    const spec = await lab.send("PATCH", `${PODS}/p`, { body: { spec: { hostNetwork: true } }, contentType });
    expect(spec.body).toMatchObject({
      code: 422,
      details: { causes: [{ field: "spec", reason: "FieldValueForbidden" }] },
    });
  });

  test.each([
    ["no container", {}, "spec.containers: Required value"],
    ["a container without a name", { containers: [{ image: "i" }] }, "spec.containers[0].name: Required value"],
    [
      "two containers of one name",
      { containers: [...CONTAINERS, ...CONTAINERS] },
      'spec.containers[1].name: Duplicate value: "c"',
    ],
    [
      "a port that is none",
      { containers: [{ name: "c", image: "i", ports: [{ containerPort: 0 }] }] },
      "must be between 1 and 65535, inclusive",
    ],
  ])("with %s is invalid", async (_, spec, message) => {
    const { body } = await lab.send("POST", PODS, { body: { metadata: { name: "p" }, spec } });
    expect(body).toMatchObject({ code: 422, message: expect.stringContaining(message) });
  });

  test("has the defaults that netproof reads", async () => {
    const container = {
      name: "c",
      image: "i:1",
      ports: [{ containerPort: 80 }],
      readinessProbe: { tcpSocket: { port: 80 } },
    };
    const { body } = await lab.send("POST", PODS, {
      body: { metadata: { name: "p" }, spec: { containers: [container] } },
    });
    expect(body).toMatchObject({
      spec: {
        restartPolicy: "Always",
        terminationGracePeriodSeconds: 30,
        serviceAccountName: "default",
        containers: [
          {
            imagePullPolicy: "IfNotPresent",
            ports: [{ containerPort: 80, protocol: "TCP" }],
            readinessProbe: { periodSeconds: 10, failureThreshold: 3 },
          },
        ],
      },
      status: { phase: "Pending" },
    });
  });
});

describe("an owner", () => {
  const JOBS = "/apis/batch/v1/namespaces/shop/jobs";

  async function ownedBy(...names: readonly string[]): Promise<object> {
    const owners = names.map(async (name) => {
      const { body } = await lab.send("POST", JOBS, { body: { metadata: { name } } });
      return { apiVersion: "batch/v1", kind: "Job", name, uid: at(body, "metadata.uid") };
    });
    return { ownerReferences: await Promise.all(owners) };
  }

  test("takes what it owns with it, pods by way of their kubelet", async () => {
    const owned = await ownedBy("run");
    await runPod("p", {}, owned);
    await lab.send("POST", "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies", {
      body: { metadata: { name: "n", ...owned } },
    });
    await lab.send("DELETE", `${JOBS}/run`, { body: { propagationPolicy: "Background" } });
    await settle();
    expect(lab.store.list("NetworkPolicy", "shop")).toEqual([]);
    expect(lab.store.get("Pod", "shop", "p")?.metadata.deletionTimestamp).toBeDefined();
  });

  test("leaves what another owner still owns", async () => {
    const owned = await ownedBy("one", "two");
    await runPod("p", {}, owned);
    await lab.send("DELETE", `${JOBS}/one`);
    await settle();
    const { metadata } = lab.store.get("Pod", "shop", "p") ?? {};
    expect(metadata?.deletionTimestamp).toBeUndefined();
    expect(metadata?.ownerReferences?.map(({ name }) => name)).toEqual(["two"]);
  });

  test("leaves orphans behind when asked to", async () => {
    const owned = await ownedBy("run");
    await runPod("p", {}, owned);
    await lab.send("DELETE", `${JOBS}/run`, { body: { propagationPolicy: "Orphan" } });
    await settle();
    const { metadata } = lab.store.get("Pod", "shop", "p") ?? {};
    expect([metadata?.deletionTimestamp, metadata?.ownerReferences]).toEqual([undefined, []]);
  });

  test("that never was takes new objects with it", async () => {
    const ownerReferences = [{ apiVersion: "batch/v1", kind: "Job", name: "x", uid: "never" }];
    await lab.send("POST", "/api/v1/namespaces/shop/configmaps", {
      body: { metadata: { name: "c", ownerReferences } },
    });
    await settle();
    expect(lab.store.list("ConfigMap", "shop")).toEqual([]);
  });
});

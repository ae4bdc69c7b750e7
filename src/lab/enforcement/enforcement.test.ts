import { expect, test } from "vitest";
import type { Change, KubeObject, Store } from "../contracts.ts";
import { type EnforcementOptions, startEnforcement } from "./enforcement.ts";
import { object, STAGE_NAMESPACES, STAGE_POD_OBJECTS } from "./stage/cluster.ts";

const NEVER = new AbortController().signal;

/** A store in memory, without versions. */
function fakeStore(initial: readonly KubeObject[] = [...STAGE_NAMESPACES, ...STAGE_POD_OBJECTS]) {
  const objects = new Map(initial.map((object) => [object.metadata.uid, object]));
  const listeners = new Set<readonly [string, (change: Change) => void]>();
  const tell = (change: Change) => {
    for (const [kind, listener] of listeners) if (kind === change.object.kind) listener(change);
  };
  const store: Pick<Store, "list" | "onChange"> = {
    list: (kind) => [...objects.values()].filter((object) => object.kind === kind),
    onChange(kind, listener) {
      const entry = [kind, listener] as const;
      listeners.add(entry);
      return () => listeners.delete(entry);
    },
  };
  return {
    store,
    listeners,
    put(object: KubeObject) {
      objects.set(object.metadata.uid, object);
      tell({ type: "ADDED", object });
    },
    remove(object: KubeObject) {
      objects.delete(object.metadata.uid);
      tell({ type: "DELETED", object });
    },
  };
}

/** Nodes that take any rules, as soon as `apply` has ended. */
function fakeNetwork(apply: (node: string, script: string) => Promise<void> = async () => {}) {
  const applied: { readonly node: string; readonly script: string; readonly at: number }[] = [];
  return {
    applied,
    nodes: ["node1", "node2"],
    async applyRules(node: string, script: string) {
      await apply(node, script);
      applied.push({ node, script, at: performance.now() });
    },
  };
}

function start(options: Partial<EnforcementOptions> & Pick<EnforcementOptions, "store" | "network">, signal = NEVER) {
  return startEnforcement({ faults: [], denial: "drop", ...options }, signal);
}

function policy(name: string, app?: string): KubeObject {
  const podSelector = app === undefined ? {} : { matchLabels: { app } };
  return object("NetworkPolicy", { namespace: "shop", name }, { spec: { podSelector, policyTypes: ["Ingress"] } });
}

test("the rules of what is there at the start are applied to every node", async () => {
  const { store, put } = fakeStore();
  put(policy("old"));
  const network = fakeNetwork();
  await using enforcement = start({ store, network });
  await enforcement.settled();
  expect(network.applied.map(({ node }) => node)).toEqual(["node1", "node2"]);
  for (const { script } of network.applied) expect(script).toContain("# shop/old");
});

test("a burst of changes makes one pass", async () => {
  const { store, put } = fakeStore();
  let reads = 0;
  const list: Store["list"] = (kind) => {
    if (kind === "Pod") reads += 1;
    return store.list(kind);
  };
  const network = fakeNetwork();
  await using enforcement = start({ store: { ...store, list }, network });
  await enforcement.settled();
  for (let i = 0; i < 20; i += 1) put(policy(`p${i}`));
  await enforcement.settled();
  await new Promise((resolve) => setImmediate(resolve)); // behind all timers that are due
  expect(reads).toBe(2);
  expect(network.applied).toHaveLength(4);
  expect(network.applied[3]?.script).toContain("# shop/p19");
});

test.each([
  { kind: "a pod", change: object("Pod", { namespace: "shop", name: "db", labels: {} }, {}) },
  { kind: "a namespace", change: object("Namespace", { name: "bank", labels: { team: "other" } }, {}) },
  { kind: "a policy", change: policy("new") },
])("a change of $kind reaches the rules", async ({ change }) => {
  const { store, put } = fakeStore();
  const peer = { namespaceSelector: { matchLabels: { team: "bank" } } };
  const spec = { podSelector: { matchLabels: { app: "db" } }, ingress: [{ from: [peer] }] };
  put(object("NetworkPolicy", { namespace: "shop", name: "db" }, { spec }));
  const network = fakeNetwork();
  await using enforcement = start({ store, network });
  await enforcement.settled();
  put(change);
  await enforcement.settled();
  expect(network.applied.filter(({ node }) => node === "node1")).toHaveLength(2);
});

test("what is taken away from the store leaves the rules", async () => {
  const { store, put, remove } = fakeStore();
  put(policy("gone"));
  const network = fakeNetwork();
  await using enforcement = start({ store, network });
  await enforcement.settled();
  remove(policy("gone"));
  await enforcement.settled();
  expect(network.applied.at(-1)?.script).not.toContain("gone");
});

test("a node whose rules stay the same is left alone", async () => {
  const { store, put } = fakeStore();
  const network = fakeNetwork();
  await using enforcement = start({ store, network });
  await enforcement.settled();
  put(policy("web", "web")); // shop/web is on node1
  await enforcement.settled();
  put(object("Pod", { namespace: "shop", name: "no-address-yet" }, { spec: { nodeName: "node2" }, status: {} }));
  await enforcement.settled();
  expect(network.applied.map(({ node }) => node)).toEqual(["node1", "node2", "node1"]);
});

test("changes during an application are applied after it, and who waits for the earlier ones need not wait for them", async () => {
  const { store, put } = fakeStore();
  const [begun, first, second] = [gate(), gate(), gate()];
  const network = fakeNetwork(async (_, script) => {
    if (script.includes("# shop/second")) return second.passed;
    if (!script.includes("# shop/first")) return;
    begun.open();
    await first.passed;
  });
  await using enforcement = start({ store, network });
  await enforcement.settled();
  put(policy("first"));
  const settled = enforcement.settled();
  await begun.passed;
  put(policy("second"));
  first.open();
  await settled;
  second.open();
  await enforcement.settled();
  expect(network.applied.at(-1)?.script).toContain("# shop/second");
});

test("under slow-programming each change reaches the rules no sooner than the delay after it", async () => {
  const { store, put } = fakeStore();
  let read = gate();
  const list: Store["list"] = (kind) => {
    read.open();
    return store.list(kind);
  };
  const network = fakeNetwork();
  const options = { faults: ["slow-programming"] as const, programmingDelayMs: 60 };
  await using enforcement = start({ store: { ...store, list }, network, ...options });
  await read.passed;
  const putAt: Record<string, number> = {};
  for (const name of ["one", "two", "three"]) {
    read = gate();
    putAt[name] = performance.now();
    put(policy(name));
    await read.passed; // noted by itself, in a pass of its own
  }
  await enforcement.settled();
  for (const [name, at] of Object.entries(putAt)) {
    const appliedAt = network.applied.find(({ script }) => script.includes(`# shop/${name}`))?.at ?? 0;
    expect(appliedAt - at).toBeGreaterThanOrEqual(60);
  }
});

test("without slow-programming there is no delay", async () => {
  const { store } = fakeStore();
  const network = fakeNetwork();
  await using enforcement = start({ store, network, programmingDelayMs: 600_000 });
  await enforcement.settled();
  expect(network.applied).toHaveLength(2);
});

test.each([
  { faults: [], denial: "reject", found: "reject", missing: "drop" },
  { faults: [], denial: "drop", found: "drop", missing: "reject" },
  { faults: ["ingress-not-enforced"], denial: "drop", found: "judge_ingress", missing: "drop" },
  { faults: ["packet-loss", "ingress-not-enforced"], denial: "drop", found: "numgen", missing: "ingress_pods" },
] as const)("faults $faults and the denial to $denial reach the rules", async ({ faults, denial, found, missing }) => {
  const { store, put } = fakeStore();
  put(policy("all"));
  const network = fakeNetwork();
  await using enforcement = start({ store, network, faults, denial });
  await enforcement.settled();
  expect(network.applied[0]?.script).toContain(found);
  expect(network.applied[0]?.script).not.toContain(missing);
});

test("rules that cannot be applied end the enforcement, and whoever waits then or later learns it", async () => {
  const { store, put } = fakeStore();
  const network = fakeNetwork(async (node, script) => {
    if (node === "node2" && script.includes("# shop/bad")) throw new Error("syntax error");
  });
  await using enforcement = start({ store, network });
  await enforcement.settled();
  put(policy("bad"));
  const message = 'Cannot enforce policies on "node2": Error: syntax error';
  await expect(enforcement.settled()).rejects.toThrow(message);
  put(policy("later"));
  await expect(enforcement.settled()).rejects.toThrow(message);
  expect(network.applied).toHaveLength(3);
});

test("an object that cannot be read ends the enforcement too", async () => {
  const { store, put } = fakeStore();
  put(object("NetworkPolicy", { namespace: "shop", name: "bad" }, { spec: { ingress: [{ from: [{}] }] } }));
  await using enforcement = start({ store, network: fakeNetwork() });
  await expect(enforcement.settled()).rejects.toThrow("a peer is empty");
});

test("with nobody waiting, rules that cannot be applied are told as the failure", async () => {
  const { store } = fakeStore();
  await using enforcement = start({ store, network: fakeNetwork(() => Promise.reject(new Error("syntax error"))) });
  expect((await enforcement.failure).message).toContain("syntax error");
});

test("an abort ends the enforcement: later changes are ignored, and whoever waits learns the reason", async () => {
  const { store, listeners, put } = fakeStore();
  const network = fakeNetwork();
  const controller = new AbortController();
  await using enforcement = start({ store, network }, controller.signal);
  await enforcement.settled();
  put(policy("late"));
  const waiting = enforcement.settled();
  controller.abort(new Error("interrupted"));
  await expect(waiting).rejects.toThrow("interrupted");
  await expect(enforcement.settled()).rejects.toThrow("interrupted");
  expect(listeners.size).toBe(0);
  expect(network.applied).toHaveLength(2);
});

test("with a signal that has aborted nothing is applied", async () => {
  const { store } = fakeStore();
  const network = fakeNetwork();
  await using enforcement = start({ store, network }, AbortSignal.abort(new Error("interrupted")));
  await expect(enforcement.settled()).rejects.toThrow("interrupted");
  expect(network.applied).toEqual([]);
});

test("disposal waits for the rules on their way, and their failure then is none", async () => {
  const { store } = fakeStore();
  const [begun, go] = [gate(), gate()];
  const network = fakeNetwork(async () => {
    begun.open();
    await go.passed;
    throw new Error("the network is gone");
  });
  const enforcement = start({ store, network });
  await begun.passed;
  let isDisposed = false;
  const disposed = enforcement[Symbol.asyncDispose]().then(() => {
    isDisposed = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(isDisposed).toBe(false);
  go.open();
  await disposed;
  await expect(enforcement.settled()).rejects.toThrow("has been stopped");
});

/** Something to wait for that the test lets happen. */
function gate() {
  let open = () => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open: () => open() };
}

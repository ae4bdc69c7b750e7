import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { KubeObject } from "../contracts.ts";
import type { Programmed } from "../programming-loop.ts";
import { createStore, type LabStore } from "../store.ts";
import { startServices } from "./services.ts";

const NEVER = new AbortController().signal;

let store: LabStore;
let services: Programmed;
let applied: string[];

beforeEach(() => {
  store = createStore();
  applied = [];
  const network = {
    nodes: ["node1"],
    async applyRules(_node: string, script: string) {
      applied.push(script);
    },
  };
  services = startServices({ store, network, families: ["IPv4"] }, NEVER);
});

afterEach(() => services[Symbol.asyncDispose]());

interface PodGiven {
  readonly labels?: Readonly<Record<string, string>>;
  readonly ready?: boolean;
  readonly phase?: string;
  readonly ips?: readonly string[];
  readonly spec?: object;
  readonly deletionTimestamp?: string;
}

function addPod(name: string, given: PodGiven = {}): void {
  const { labels = { app: "web" }, ready = true, phase = "Running", ips = ["10.244.1.2"], deletionTimestamp } = given;
  store.create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "shop", uid: name, labels, ...(deletionTimestamp && { deletionTimestamp }) },
    spec: { nodeName: "node1", ...given.spec },
    status: {
      ...{ phase, podIPs: ips.map((ip) => ({ ip })) },
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
    },
  });
}

function addService(spec: object = {}, metadata: object = {}): void {
  const port = { protocol: "TCP", port: 80, targetPort: 8080 };
  const defaults = {
    ipFamilies: ["IPv4"],
    clusterIP: "10.96.0.7",
    clusterIPs: ["10.96.0.7"],
    selector: { app: "web" },
  };
  store.create({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web", namespace: "shop", uid: "service", ...metadata },
    spec: { ...defaults, ports: [port], ...spec },
  });
}

async function slices(): Promise<readonly KubeObject[]> {
  await services.settled();
  return store.list("EndpointSlice");
}

/** The addresses in all slices, and whether they are ready. */
async function endpoints(): Promise<readonly [string, boolean][]> {
  const all = (await slices()).flatMap((slice) => (slice.endpoints ?? []) as readonly EndpointShape[]);
  return all.map(({ addresses, conditions }) => [addresses.join(), conditions.ready]);
}

interface EndpointShape {
  readonly addresses: readonly string[];
  readonly conditions: { readonly ready: boolean; readonly serving: boolean; readonly terminating: boolean };
}

describe("the EndpointSlice of a Service", () => {
  test("looks as a genuine controller's does", async () => {
    addService({}, { labels: { team: "shop" } });
    addPod("a");
    const [slice] = await slices();
    expect(slice).toMatchObject({
      apiVersion: "discovery.k8s.io/v1",
      metadata: {
        name: expect.stringMatching(/^web-[a-z0-9]{5}$/),
        generateName: "web-",
        namespace: "shop",
        generation: 1,
        labels: {
          team: "shop",
          "kubernetes.io/service-name": "web",
          "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        },
        ownerReferences: [
          {
            apiVersion: "v1",
            kind: "Service",
            name: "web",
            uid: "service",
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
      addressType: "IPv4",
      ports: [{ name: "", port: 8080, protocol: "TCP" }],
    });
    expect(slice?.endpoints).toEqual([
      {
        addresses: ["10.244.1.2"],
        conditions: { ready: true, serving: true, terminating: false },
        targetRef: { kind: "Pod", namespace: "shop", name: "a", uid: "a" },
        nodeName: "node1",
      },
    ]);
  });

  test("is there without endpoints too, and has its pods as they come and go", async () => {
    addService();
    expect(await slices()).toMatchObject([{ endpoints: null, ports: null }]);
    addPod("a");
    addPod("b", { ips: ["10.244.1.3"] });
    expect(await endpoints()).toEqual([
      ["10.244.1.2", true],
      ["10.244.1.3", true],
    ]);
    store.remove("Pod", "shop", "a");
    expect(await endpoints()).toEqual([["10.244.1.3", true]]);
  });

  test("counts the changes of its endpoints, and changes with nothing else", async () => {
    addService();
    addPod("a");
    const [before] = await slices();
    store.update("Pod", "shop", "a", (pod) => ({ ...pod, metadata: { ...pod.metadata, annotations: { a: "b" } } }));
    expect((await slices())[0]).toBe(before);
    addPod("b", { ips: ["10.244.1.3"] });
    expect((await slices())[0]?.metadata).toMatchObject({ name: before?.metadata.name, generation: 2 });
  });

  test.each<[string, PodGiven, readonly [string, boolean][]]>([
    ["a pod that is not ready is not ready there", { ready: false }, [["10.244.1.2", false]]],
    ["a pod on its way out is not ready there", { deletionTimestamp: "2026-01-01T00:00:00Z" }, [["10.244.1.2", false]]],
    ["a pod that has ended is not there", { phase: "Succeeded" }, []],
    ["a pod without an address is not there", { ips: [] }, []],
    ["a pod of another family is not there", { ips: ["fd00::2"] }, []],
    ["what is no address is not there", { ips: ["10.244.1.2; drop"] }, []],
    ["a pod with another label is not there", { labels: { app: "db" } }, []],
    [
      "a pod of which the first address is of another family is there",
      { ips: ["fd00::2", "10.1.1.1"] },
      [["10.1.1.1", true]],
    ],
  ])("%s", async (_, given, expected) => {
    addService();
    addPod("a", given);
    expect(await endpoints()).toEqual(expected);
  });

  test("has every pod ready where the Service publishes those that are not", async () => {
    addService({ publishNotReadyAddresses: true });
    addPod("a", { ready: false });
    expect(await endpoints()).toEqual([["10.244.1.2", true]]);
  });

  test("is one for each number that a named target has, from a sidecar too", async () => {
    addService({ ports: [{ name: "http", protocol: "TCP", port: 80, targetPort: "web" }] });
    const named = (containerPort: number, protocol = "TCP") => ({ ports: [{ name: "web", containerPort, protocol }] });
    addPod("a", { spec: { containers: [named(8080)] } });
    addPod("b", { ips: ["10.244.1.3"], spec: { containers: [named(53, "UDP"), named(8081)] } });
    addPod("c", { ips: ["10.244.1.4"], spec: { initContainers: [{ restartPolicy: "Always", ...named(8080) }] } });
    addPod("d", { ips: ["10.244.1.5"], spec: { initContainers: [named(8080)] } });
    const found = (await slices()).map(({ ports, endpoints }) => [
      ports,
      (endpoints as readonly EndpointShape[]).map(({ addresses }) => addresses.join()),
    ]);
    const web = (port: number) => [{ name: "http", port, protocol: "TCP" }];
    expect(found).toHaveLength(3);
    expect(found).toContainEqual([web(8080), ["10.244.1.2", "10.244.1.4"]]);
    expect(found).toContainEqual([web(8081), ["10.244.1.3"]]);
    expect(found).toContainEqual([null, ["10.244.1.5"]]);
  });

  test("is one for each family of a Service of two", async () => {
    addService({ ipFamilies: ["IPv4", "IPv6"], clusterIPs: ["10.96.0.7", "fd00:10:96::7"] });
    addPod("a", { ips: ["10.244.1.2", "fd00:10:244:1::2"] });
    expect((await slices()).map(({ addressType }) => addressType).sort()).toEqual(["IPv4", "IPv6"]);
    expect((await endpoints()).map(([address]) => address).sort()).toEqual(["10.244.1.2", "fd00:10:244:1::2"]);
  });

  test("holds a hundred endpoints at the most", async () => {
    addService();
    for (let i = 0; i < 101; i += 1) addPod(`p${i}`, { ips: [`10.244.1.${i + 2}`] });
    expect((await slices()).map(({ endpoints }) => (endpoints as readonly object[]).length).sort()).toEqual([1, 100]);
  });

  test("goes with its Service, and is not there for one that selects nothing", async () => {
    addService();
    addService({ selector: undefined }, { name: "other", uid: "other" });
    expect(await slices()).toHaveLength(1);
    store.remove("Service", "shop", "web");
    expect(await slices()).toEqual([]);
  });
});

describe("the proxy", () => {
  test("touches no node while there are no Services, and none for headless ones", async () => {
    addPod("a");
    addService({ clusterIP: "None", clusterIPs: ["None"] });
    await services.settled();
    expect(applied).toEqual([]);
  });

  test("writes its rules again only where they change", async () => {
    addService();
    addPod("a");
    await services.settled();
    expect(applied.at(-1)).toContain("meta l4proto tcp dnat to 10.244.1.2:8080");
    const before = applied.length;
    addPod("other", { labels: {}, ips: ["10.244.1.9"] });
    await services.settled();
    expect(applied).toHaveLength(before);
    store.remove("Service", "shop", "web");
    await services.settled();
    expect(applied.at(-1)).toBe("add table ip netproof_services\ndelete table ip netproof_services\n");
  });

  test("says so when rules cannot be applied", async () => {
    const network = { nodes: ["node1"], applyRules: () => Promise.reject(new Error("no nat")) };
    await using broken = startServices({ store, network, families: ["IPv4"] }, NEVER);
    addService();
    expect((await broken.failure).message).toBe('Cannot translate Services on "node1": Error: no nat');
  });
});

import { accessSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DENY_BOTH } from "../enforcement/cases/semantics-case.ts";
import { STAGE_POD_OBJECTS } from "../enforcement/stage/cluster.ts";
import { programPolicies } from "../enforcement/stage/program-policies.ts";
import { countArrivals, SCTP, sctpInit, sendRaw } from "../enforcement/stage/raw-packets.ts";
import { missingForStage } from "../enforcement/stage/requirements.ts";
import { openStage, type Stage } from "../enforcement/stage/stage.ts";
import type { Programmed } from "../programming-loop.ts";
import { createStore, type LabStore } from "../store.ts";
import { startServices } from "./services.ts";

const WEB = { app: "web" };
const V4 = "10.96.0.10";
const V6 = "fd00:10:96::a";
const READY = [{ type: "Ready", status: "True" }];

describe.skipIf((await missingForStage()) !== undefined)("packets to a Service", () => {
  let stage: Stage;
  let store: LabStore;
  let services: Programmed;
  beforeAll(async () => {
    stage = await openStage(new AbortController().signal);
    store = createStore();
    services = startServices(
      { store, network: stage.network, families: ["IPv4", "IPv6"] },
      new AbortController().signal,
    );
  });
  afterAll(async () => {
    await services[Symbol.asyncDispose]();
    await stage[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    for (const kind of ["Service", "Pod"]) {
      for (const { metadata } of store.list(kind)) store.remove(kind, metadata.namespace, metadata.name);
    }
    for (const pod of STAGE_POD_OBJECTS) {
      store.create({ ...pod, status: { ...(pod.status as object), conditions: READY } });
    }
    await programPolicies(stage, { policies: [] });
  });

  /** In namespace shop, with one port, 7000, unless it says otherwise. */
  async function serve(spec: object, name = "web"): Promise<void> {
    const port = { name: "http", protocol: "TCP", port: 7000, targetPort: 8080 };
    const families = { ipFamilies: ["IPv4", "IPv6"], clusterIP: V4, clusterIPs: [V4, V6] };
    store.create({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: "shop" },
      spec: { ...families, ports: [port], selector: WEB, ...spec },
    });
    await services.settled();
  }

  async function expectOutcomes(wanted: Readonly<Record<string, string>>): Promise<void> {
    const texts = Object.keys(wanted);
    // A refusal is waited for as a connection is.
    const open = texts.filter((text) => wanted[text] !== "silent");
    const shut = texts.filter((text) => wanted[text] === "silent");
    expect(await stage.observe({ open, shut })).toEqual(wanted);
  }

  const toService = `shop/db > ${V4} 7000`;

  test("reach its pod at another port, from pods and nodes, and not from outside", async () => {
    await serve({});
    await expectOutcomes({
      [toService]: "connected",
      [`bank/web > ${V4} 7000`]: "connected",
      [`node1 > ${V4} 7000`]: "connected",
      [`node2 > ${V4} 7000`]: "connected",
      [`outside > ${V4} 7000`]: "silent",
    });
  });

  test("reach it over IPv6 as well", async () => {
    await serve({});
    await expectOutcomes({
      [`shop/db > ${V6} 7000`]: "connected",
      [`bank/web > ${V6} 7000`]: "connected",
      [`node2 > ${V6} 7000`]: "connected",
    });
  });

  test("reach the port that the pod calls by the target's name, of that protocol", async () => {
    const ports = [
      { name: "tcp", protocol: "TCP", port: 7000, targetPort: "http" },
      { name: "udp", protocol: "UDP", port: 7000, targetPort: "http" },
    ];
    await serve({ ports }); // web declares it for TCP only
    await serve({ ports, selector: { app: "db" }, clusterIPs: ["10.96.0.11", "fd00:10:96::b"] }, "db"); // db for UDP
    await expectOutcomes({
      [toService]: "connected",
      [`shop/db > ${V4} 7000/UDP`]: "ECONNREFUSED",
      "shop/web > 10.96.0.11 7000": "ECONNREFUSED",
      "shop/web > 10.96.0.11 7000/UDP": "connected",
      "bank/web > fd00:10:96::b 7000/UDP": "connected",
    });
  });

  const ingress = (port: number) => [
    { namespace: "shop", spec: { podSelector: { matchLabels: WEB }, ingress: [{ ports: [{ port }] }] } },
  ];
  const egress = (to: object) => [{ namespace: "shop", spec: { policyTypes: ["Egress"], egress: [to] } }];
  const webs = { podSelector: { matchLabels: WEB } };
  test.each([
    ["ingress to the pod's port lets them through", ingress(8080), "connected"],
    ["ingress to the Service's port does not", ingress(7000), "silent"],
    ["egress to the pod's port lets them through", egress({ to: [webs], ports: [{ port: 8080 }] }), "connected"],
    ["egress to the Service's port does not", egress({ to: [webs], ports: [{ port: 7000 }] }), "silent"],
    ["egress to the Services' addresses does not", egress({ to: [{ ipBlock: { cidr: "10.96.0.0/16" } }] }), "silent"],
    ["egress to the pods' addresses does", egress({ to: [{ ipBlock: { cidr: "10.244.0.0/16" } }] }), "connected"],
  ])("are judged as those to its pod: %s", async (_, policies, outcome) => {
    await serve({});
    await programPolicies(stage, { policies });
    await expectOutcomes({ [toService]: outcome });
  });

  test("are refused where it has no endpoint, whatever the policies are, and at ports that it has not", async () => {
    await serve({ selector: { app: "nobody" } });
    const refused = {
      [toService]: "ECONNREFUSED",
      [`node1 > ${V4} 7000`]: "ECONNREFUSED",
      [`shop/db > ${V6} 7000`]: "ECONNREFUSED",
    };
    await expectOutcomes(refused);
    await programPolicies(stage, { policies: [{ namespace: "shop", spec: DENY_BOTH }] });
    await expectOutcomes(refused);
    await serve({ clusterIPs: ["10.96.0.11", "fd00:10:96::b"] }, "other");
    await expectOutcomes({ "bank/web > 10.96.0.11 7001": "ECONNREFUSED" });
  });

  test("are refused while its pod is not ready, unless it says that this does not matter", async () => {
    store.update("Pod", "shop", "web", (pod) => ({ ...pod, status: { ...(pod.status as object), conditions: [] } }));
    await serve({});
    await serve({ clusterIPs: ["10.96.0.11", "fd00:10:96::b"], publishNotReadyAddresses: true }, "any");
    await expectOutcomes({ [toService]: "ECONNREFUSED", "shop/db > 10.96.0.11 7000": "connected" });
    store.update("Pod", "shop", "web", (pod) => ({ ...pod, status: { ...(pod.status as object), conditions: READY } }));
    await services.settled();
    await expectOutcomes({ [toService]: "connected" });
  });

  test("reach the very pod that sent them", async () => {
    await serve({});
    await expectOutcomes({ [`shop/web > ${V4} 7000`]: "connected", [`shop/web > ${V6} 7000`]: "connected" });
  });

  const ports = Array.from({ length: 24 }, (_, i) => ({
    ...{ name: `p${i}`, protocol: "TCP", port: 7000 + i },
    targetPort: 80,
  }));
  /** How many of 24 connections reach the one of three endpoints that policies leave open. */
  async function share(spec: object): Promise<number> {
    await serve({ ports, selector: {}, ...spec });
    for (const pod of ["web", "api", "db"]) {
      store.update("Pod", "shop", pod, (old) => ({ ...old, metadata: { ...old.metadata, labels: { shared: "" } } }));
    }
    store.update("Service", "shop", "web", (old) => ({
      ...old,
      spec: { ...(old.spec as object), selector: { shared: "" } },
    }));
    await services.settled();
    const policy = { podSelector: { matchExpressions: [{ key: "app", operator: "NotIn", values: ["api"] }] } };
    await programPolicies(stage, { policies: [{ namespace: "shop", spec: policy }] });
    const shut = ports.map(({ port }) => `bank/web > ${V4} ${port}`);
    const outcomes = Object.values(await stage.observe({ open: shut, shut: [] }));
    return outcomes.filter((outcome) => outcome === "connected").length;
  }

  test("are spread over its pods", async () => {
    const connected = await share({});
    // All or none happens in one of 10^4 times and less.
    expect(connected).toBeGreaterThan(0);
    expect(connected).toBeLessThan(24);
  });

  test("of one client all reach the same pod where the Service says so", async () => {
    expect([0, 24]).toContain(await share({ sessionAffinity: "ClientIP" }));
  });

  test("stay on their node where the Service says so, and are lost where it has no pod there", async () => {
    await serve({ internalTrafficPolicy: "Local" });
    await expectOutcomes({ [toService]: "connected", [`bank/web > ${V4} 7000`]: "silent" });
  });

  test("are lost once the Service is gone", async () => {
    await serve({});
    store.remove("Service", "shop", "web");
    await services.settled();
    await expectOutcomes({ [toService]: "silent" });
    expect(store.list("EndpointSlice")).toEqual([]);
  });

  test.skipIf(missingForRawPackets())("of SCTP reach its pod at another port", async () => {
    await serve({ ports: [{ name: "signal", protocol: "SCTP", port: 7000, targetPort: 81 }] });
    const arrivals = await countArrivals(stage.network, "node1", "10.244.1.3");
    const packet = { node: "node2", source: "10.250.0.3", protocol: SCTP };
    await sendRaw(stage.network, { ...packet, destination: V4, payload: sctpInit(20_000, 7000) });
    await sendRaw(stage.network, { ...packet, destination: V4, payload: sctpInit(20_001, 7001) }).catch(() => {});
    expect(await arrivals()).toBe(1);
  });
});

function missingForRawPackets(): boolean {
  try {
    accessSync("/usr/bin/perl");
    return false;
  } catch {
    return true;
  }
}

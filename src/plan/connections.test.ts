import { describe, expect, it } from "vitest";
import type { ClusterState, Intent, Manifests } from "../snapshot/index.ts";
import { planCanary } from "./canary.ts";
import { planConnections } from "./connections.ts";
import type { PlannedConnection, ProofPlan } from "./model.ts";
import { intent, policies } from "./testing.ts";
import { planTopology } from "./topology.ts";

const FROM_API = `{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: api}}}], ports: [{port: 5432}]}]}`;
const ONLY_DB = policies({ "shop/db": FROM_API });

describe("the connections of a proof", () => {
  it("are those that the policies allow and those that they deny, with stable names", () => {
    const plan = planFor(ONLY_DB);
    expect(find(plan, "shop/api > shop/db 5432/TCP")).toMatchObject({ expectation: "allow", deniedBy: [] });
    expect(find(plan, "shop/api > shop/db 5432/UDP")).toMatchObject({ expectation: "deny", deniedBy: ["ingress"] });
    expect(find(plan, "shop/api > shop/db 7777/TCP")).toMatchObject({ expectation: "deny" });
    expect(find(plan, "elsewhere/api > shop/db 5432/TCP")).toMatchObject({ expectation: "deny" });
    expect(find(plan, "shop/db > shop/api 7777/TCP")).toMatchObject({ expectation: "allow" });
  });

  it("never go from a pod to itself, and never between hosts outside", () => {
    const plan = planFor(
      policies({ "shop/p": "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 198.51.100.0/24}}]}]}" }),
    );
    expect(plan.connections.filter(({ from, to }) => from === to)).toEqual([]);
    expect(plan.connections.filter(({ probe }) => probe.source === probe.destination)).toEqual([]);
    expect(plan.connections.some(({ from }) => from === "198.51.100.0")).toBe(true);
  });

  it("take an ipBlock that matches a pod's address as left open", () => {
    const plan = planFor(
      policies({ "shop/p": "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}" }),
    );
    const inside = plan.connections.find(({ from, to }) => from === "elsewhere/unlabelled" && to === "shop/unlabelled");
    expect(inside).toMatchObject({ expectation: "unspecified", unspecifiedBecause: "ipblock-matches-pod" });
  });

  it("include the canary's and, for each address outside, a control", () => {
    const plan = planFor(
      policies({ "shop/p": "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 198.51.100.0/24}}]}]}" }),
    );
    const canary = plan.connections.filter(({ purpose }) => purpose === "canary");
    expect(canary.map(({ from, to, expectation }) => [from.split("/")[1], to.split("/")[1], expectation])).toEqual([
      ["permitted", "listener", "allow"],
      ["denied", "listener", "deny"],
      ["permitted", "denied", "allow"],
      ["confined", "denied", "deny"],
    ]);
    expect(plan.connections.filter(({ purpose }) => purpose === "control").length).toBeGreaterThan(3);
  });

  it("stay within the budget, with something denied and something allowed of each pair before the rest", () => {
    const all = planFor(ONLY_DB);
    const few = planFor(ONLY_DB, { maxProbes: 120 });
    const tried = few.connections.filter(({ purpose }) => purpose === "policies");
    expect(tried).toHaveLength(120);
    expect(new Set(tried.map(({ from, to }) => `${from} ${to}`)).size).toBe(
      new Set(all.connections.filter(({ purpose }) => purpose === "policies").map(({ from, to }) => `${from} ${to}`))
        .size,
    );
    expect(few.notTested[0]?.reason).toMatch(/--max-probes/);
  });

  it("refer to decisions that are kept once", () => {
    const plan = planFor(ONLY_DB);
    expect(plan.decisions.length).toBeLessThan(20);
    expect(plan.decisions[find(plan, "shop/api > shop/db 5432/TCP").decision]?.ingress).toMatchObject({
      kind: "isolated",
      allows: [{ policy: { namespace: "shop", name: "db" }, rule: 0, peer: 0, port: 0 }],
    });
  });
});

describe("what the plan would catch", () => {
  it("counts, for each fault model, the connections that would show it", () => {
    const { adequacy, connections } = planFor(ONLY_DB);
    const denied = connections.filter(({ purpose, expectation }) => purpose === "policies" && expectation === "deny");
    expect(adequacy).toEqual([
      { fault: "nothing-enforced", witnesses: denied.map(({ probe }) => probe.id) },
      { fault: "ingress-not-enforced", witnesses: denied.map(({ probe }) => probe.id) },
      { fault: "egress-not-enforced", witnesses: [] },
    ]);
  });
});

describe("a requirement", () => {
  it("without a port speaks of every connection between its ends, and of what the policies leave open", () => {
    const { requirements } = planFor(ONLY_DB, { intent: intent("deny: [{from: shop/api, to: shop/db}]") });
    expect(requirements[0]).toMatchObject({
      text: "deny shop/api > shop/db",
      place: "intent.yaml:3:8",
      must: "not-connect",
      openByPolicy: ["shop/api > shop/db: the policies allow 5432/TCP"],
    });
    expect(requirements[0]?.connections).toContain("shop/api > shop/db 7777/TCP");
  });

  it("with a port has its connections tried, whatever the budget", () => {
    const plan = planFor(ONLY_DB, {
      maxProbes: 1,
      intent: intent("deny: [{from: shop/api, to: shop/db, port: 22/TCP}]"),
    });
    expect(find(plan, "shop/api > shop/db 22/TCP")).toMatchObject({ expectation: "deny" });
    expect(plan.requirements[0]?.connections).toEqual(["shop/api > shop/db 22/TCP"]);
  });

  it.each([
    {
      line: "{from: elsewhere/*, to: shop/db, port: 22/TCP}",
      sources: ["elsewhere/api", "elsewhere/db", "elsewhere/unlabelled"],
    },
    {
      line: "{from: {podSelector: {matchLabels: {app: api}}}, to: shop/db, port: 22/TCP}",
      sources: ["elsewhere/api", "shop/api"],
    },
    {
      line: "{from: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: elsewhere}}, podSelector: {matchLabels: {app: api}}}, to: shop/db, port: 22/TCP}",
      sources: ["elsewhere/api"],
    },
    { line: "{from: 203.0.113.77/32, to: shop/db, port: 22/TCP}", sources: ["203.0.113.77"] },
  ])("speaks of the ends that it means: $line", ({ line, sources }) => {
    const { requirements } = planFor(ONLY_DB, { intent: intent(`deny: [${line}]`) });
    expect(requirements[0]?.connections.toSorted()).toEqual(sources.map((source) => `${source} > shop/db 22/TCP`));
  });

  it("by the name of a port means what the destination declares", () => {
    const files = policies({
      "shop/p": "{podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: http}]}]}",
    });
    const { requirements } = planFor(files, {
      intent: intent("allow: [{from: elsewhere/web, to: shop/web, port: http}]"),
    });
    expect(requirements[0]?.connections).toEqual(["elsewhere/web > shop/web 31001/TCP"]);
  });
});

function planFor(manifests: Manifests, options: { maxProbes?: number; intent?: Intent } = {}): ProofPlan {
  const wanted = options.intent ?? intent();
  const topology = planTopology(manifests, wanted, { maxPods: 60, clusterCidrs: ["10.244.0.0/16"] });
  const canary = planCanary(topology);
  const pods = [...topology.pods, ...canary.pods].map((pod, index) => ({
    ...pod,
    uid: `uid-${index}`,
    addresses: [`10.244.1.${index + 2}`],
    hostNetwork: false,
  }));
  const namespaces = topology.namespaces.map(({ name, labels }) => ({
    name,
    labels: { ...labels, "kubernetes.io/metadata.name": name },
  }));
  const canaryPolicies = policies(
    Object.fromEntries(canary.policies.map((policy) => [nameOf(policy), JSON.stringify(policy.spec)])),
  );
  const state: ClusterState = {
    namespaces: [...namespaces, { name: canary.namespace, labels: {} }],
    pods,
    policies: [...manifests.policies, ...canaryPolicies.policies].map(({ policy }) => policy),
  };
  const outside = { party: `${canary.namespace}/outside`, addresses: topology.outside };
  return planConnections(
    { state, outside, foreign: [] },
    { ports: topology.ports, canary, maxProbes: options.maxProbes ?? 10_000, intent: wanted },
  );
}

function nameOf({ metadata }: Readonly<Record<string, unknown>>): string {
  const { namespace, name } = metadata as { namespace: string; name: string };
  return `${namespace}/${name}`;
}

function find({ connections }: ProofPlan, id: string): PlannedConnection {
  const found = connections.find(({ probe }) => probe.id === id);
  if (found === undefined) throw new Error(`no connection ${id}`);
  return found;
}

import { describe, expect, it } from "vitest";
import { selects } from "../expectation/index.ts";
import { type Manifests, parsePolicy } from "../snapshot/index.ts";
import { planCanary } from "./canary.ts";
import { planStage, type StagePlan } from "./stage-plan.ts";
import { deployment, intent, policies } from "./testing.ts";
import { planTopology, type Topology } from "./topology.ts";

const POLICY =
  "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: red}}}]}]}";
const ALL = "{podSelector: {}, policyTypes: [Ingress, Egress]}";
const LIMITS = { maxPods: 60, clusterCidrs: undefined, families: [4] as const, externals: [] };

function stageOf(files: Manifests, runId = "1234abcd"): { topology: Topology; stage: StagePlan } {
  const placement = { kind: "within", namespace: "team-x", runId } as const;
  const topology = planTopology(files, intent(), LIMITS);
  return { topology, stage: planStage(files, topology, planCanary(topology, placement), placement) };
}

describe("a stage within one namespace", () => {
  const files = policies({ "shop/db": POLICY, "shop/all": ALL }, deployment("pay/web", "{app: web}"));
  const { topology, stage } = stageOf(files);

  it("has pods in the policies' namespace alone, the canary's among them", () => {
    expect(new Set(stage.pods.map(({ namespace }) => namespace))).toEqual(new Set(["shop"]));
    expect(stage.pods.map(({ name }) => name)).toContain("netproof-canary-listener");
  });

  it("has policies that select its own pods alone: neither the canary's, nor another run's, nor anybody else's", () => {
    const isCanary = ({ name }: { name: string }): boolean => name.startsWith("netproof-canary-");
    const everything = stage.policies.find(({ policy }) => policy.name === "all")?.policy.podSelector ?? [];
    expect(stage.pods.map((pod) => selects(everything, pod.labels))).toEqual(stage.pods.map((pod) => !isCanary(pod)));
    expect(stageOf(files, "5678abcd").stage.pods.some(({ labels }) => selects(everything, labels))).toBe(false);
    expect(selects(everything, { app: "db" })).toBe(false);
  });

  it("has a canary that no other run's canary is taken for", () => {
    const placement = { kind: "within", namespace: "team-x", runId: "5678abcd" } as const;
    const others = planCanary(topology, placement).policies.map(parsePolicy);
    const taken = others.filter(({ podSelector }) => stage.pods.some(({ labels }) => selects(podSelector, labels)));
    expect(taken).toEqual([]);
  });

  it("says of every other pod why it is absent, so that no requirement passes for want of it", () => {
    const absent = stage.workloads.filter((workload) => workload.absent !== undefined);
    expect(absent).toEqual(expect.arrayContaining([expect.objectContaining({ namespace: "pay", name: "web" })]));
    const left = topology.pods.filter(({ namespace }) => namespace !== "shop");
    expect(new Set(absent.map(({ namespace, pod }) => `${namespace}/${pod}`))).toEqual(
      new Set(left.map(({ namespace, name }) => `${namespace}/${name}`)),
    );
  });

  it("is not that which the files mean by another name", () => {
    const named = policies({
      "shop/db":
        "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: team-x}}}]}]}",
    });
    expect(() => stageOf(named)).toThrow(/one name would stand for both/);
  });

  it("takes policies of one namespace only", () => {
    const two = policies({ "shop/db": POLICY, "pay/db": POLICY });
    expect(() => stageOf(two)).toThrow("--run-namespace takes policies of one namespace");
  });
});

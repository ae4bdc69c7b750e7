import { describe, expect, it } from "vitest";
import { planCanary } from "./canary.ts";
import { planStage } from "./stage-plan.ts";
import { deployment, intent, policies } from "./testing.ts";
import { planTopology } from "./topology.ts";

const POLICY =
  "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: red}}}]}]}";
const LIMITS = { maxPods: 60, clusterCidrs: undefined };
const WITHIN = { kind: "within", namespace: "team-x" } as const;

describe("a stage within one namespace", () => {
  const files = policies({ "shop/db": POLICY }, deployment("pay/web", "{app: web}"));
  const topology = planTopology(files, intent(), LIMITS);
  const stage = planStage(topology, planCanary(topology), WITHIN);

  it("has the pods of the policies' namespace alone, and no canary", () => {
    expect(new Set(stage.pods.map(({ namespace }) => namespace))).toEqual(new Set(["shop"]));
    expect(stage.canaryPolicies).toEqual([]);
  });

  it("says of every other pod why it is absent, so that no requirement passes for want of it", () => {
    const absent = stage.workloads.filter((workload) => workload.absent !== undefined);
    expect(absent).toEqual(expect.arrayContaining([expect.objectContaining({ namespace: "pay", name: "web" })]));
    const left = topology.pods.filter(({ namespace }) => namespace !== "shop");
    expect(new Set(absent.map(({ namespace, pod }) => `${namespace}/${pod}`))).toEqual(
      new Set(left.map(({ namespace, name }) => `${namespace}/${name}`)),
    );
  });

  it("takes policies of one namespace only", () => {
    const two = planTopology(policies({ "shop/db": POLICY, "pay/db": POLICY }), intent(), LIMITS);
    expect(() => planStage(two, planCanary(two), WITHIN)).toThrow("--run-namespace takes policies of one namespace");
  });
});

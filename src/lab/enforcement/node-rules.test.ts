import { readFileSync } from "node:fs";
import { execPath } from "node:process";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type KubeObject, LAB_FAULTS, type LabNetwork } from "../contracts.ts";
import { openNetwork } from "../network/index.ts";
import { type NodeRulesInput, renderNodeRules } from "./node-rules.ts";
import { namespaces, pods, policies } from "./stage/arbitrary-cluster.ts";
import { object, STAGE_NAMESPACES, STAGE_POD_OBJECTS } from "./stage/cluster.ts";
import { missingForStage } from "./stage/requirements.ts";

const STAGE = { node: "node1", pods: STAGE_POD_OBJECTS, namespaces: STAGE_NAMESPACES, faults: [] };
const faults = fc.oneof(fc.constant([]), fc.subarray([...LAB_FAULTS, "packet-loss" as const]));
const input: fc.Arbitrary<NodeRulesInput> = fc.record({
  ...{ node: fc.constantFrom("node1", "node2"), pods, namespaces, policies },
  ...{ faults, denial: fc.constantFrom("drop", "reject") },
});

function render(...specs: readonly unknown[]): string {
  const policies = specs.map((spec, i) => object("NetworkPolicy", { namespace: "shop", name: `p${i}` }, { spec }));
  return renderNodeRules({ ...STAGE, policies, denial: "drop" });
}

describe.skipIf((await missingForStage()) !== undefined)("in the kernel", () => {
  let network: LabNetwork;
  beforeAll(async () => {
    network = await openNetwork({ nodes: 1, agentPath: execPath }, new AbortController().signal);
  });
  afterAll(() => network[Symbol.asyncDispose]());

  const recordings = acceptedPolicies();
  test.each(recordings)(
    "the accepted policy $name ($fieldValidation) can be enforced as sent and as stored",
    async (it) => {
      for (const spec of [it.sent, it.stored]) await network.applyRules("node1", render(spec));
    },
  );

  test("any policies and pods give rules that the kernel accepts, whatever it had before", async () => {
    const accepted = fc.asyncProperty(input, (any) => network.applyRules("node1", renderNodeRules(any)));
    await fc.assert(accepted, { numRuns: 100 });
  });

  test("two pods with one address do not stop the rules of all others", async () => {
    const [first] = STAGE_POD_OBJECTS.filter(({ metadata }) => metadata.name === "db");
    const twin = { ...first, metadata: { ...first?.metadata, name: "twin", labels: { app: "twin" } } } as KubeObject;
    const policy = (name: string, spec: object) => object("NetworkPolicy", { namespace: "shop", name }, { spec });
    const policies = [policy("all", {}), policy("twin", { podSelector: { matchLabels: { app: "twin" } } })];
    const pods = [...STAGE_POD_OBJECTS, twin];
    await network.applyRules("node1", renderNodeRules({ ...STAGE, pods, policies, denial: "drop" }));
  });
});

test("the order in which things are listed changes nothing", () => {
  const shuffled = fc.property(input, (any) => {
    const reversed = { pods: any.pods.toReversed(), namespaces: any.namespaces.toReversed() };
    const rest = { policies: any.policies.toReversed(), faults: any.faults.toReversed() };
    const backwards = renderNodeRules({ ...any, ...reversed, ...rest });
    expect(backwards).toBe(renderNodeRules(any));
  });
  fc.assert(shuffled);
});

test("pods with the same policies share a chain, and equal peers a set", () => {
  const everybody = { namespaceSelector: {} };
  const script = render(
    { ingress: [{ from: [everybody] }, { from: [everybody], ports: [{ port: 80 }] }] },
    { podSelector: {}, ingress: [{ from: [everybody], ports: [{ port: 81 }] }] },
  );
  expect(script.match(/set set_\d+/g)).toEqual(["set set_1", "set set_2"]); // one for each family
  expect(script.match(/chain ingress_pods_\d+/g)).toEqual(["chain ingress_pods_1"]);
});

test("lost packets are lost before any policy judges, and before what is established is accepted", () => {
  const script = renderNodeRules({ ...STAGE, policies: [], faults: ["packet-loss"], denial: "drop" });
  const chains = script.match(/(?<=priority )[^;]+|numgen.*|ct state.*/g);
  const accepted = "ct state established,related accept";
  const drop = "numgen random mod 100 0 drop";
  expect(chains).toEqual(["filter - 1", drop, "filter", accepted, "filter + 1", accepted]);
  expect(render()).not.toContain("numgen");
});

test("a node judges its own pods alone", () => {
  const map = /map ingress_ipv4 .*/.exec(render({ podSelector: {} }))?.[0];
  expect(map).toBe(
    "map ingress_ipv4 { type ipv4_addr : verdict; elements = { 10.244.1.5 : goto ingress_pods_1, 10.244.1.3 : goto ingress_pods_1 } }",
  );
});

test("a policy that applies to none of the node's pods leaves no trace", () => {
  const nobody = { podSelector: { matchLabels: { app: "api" } }, ingress: [{ from: [{ podSelector: {} }] }] };
  expect(render(nobody)).toBe(render());
});

test("no text of the cluster can end a comment of the script", () => {
  const policy = object("NetworkPolicy", { namespace: "shop", name: "x\n} delete table inet y # \u2028" }, {});
  const script = renderNodeRules({ ...STAGE, policies: [policy], denial: "drop" });
  expect(script).toContain("# shop/x???delete?table?inet?y????\n");
});

test.each([
  { what: "a pod's address", status: { podIPs: [{ ip: "10.0.0.1, 10.0.0.2" }] }, spec: {} },
  { what: "a pod's address with a zone", status: { podIPs: [{ ip: "fe80::1%eth0" }] }, spec: {} },
  { what: "a cidr", status: {}, spec: { ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/33" } }] }] } },
  { what: "a cidr that is none", status: {}, spec: { ingress: [{ from: [{ ipBlock: { cidr: "web" } }] }] } },
  { what: "an empty peer", status: {}, spec: { ingress: [{ from: [{}] }] } },
  { what: "a protocol", status: {}, spec: { ingress: [{ ports: [{ protocol: "ICMP" }] }] } },
  { what: "an operator", status: {}, spec: { podSelector: { matchExpressions: [{ key: "a", operator: "in" }] } } },
])("$what that admission should have refused is an error, and no rule", ({ status, spec }) => {
  const pods = [object("Pod", { namespace: "shop", name: "p" }, { spec: { nodeName: "node1" }, status })];
  const policies = [object("NetworkPolicy", { namespace: "shop", name: "p" }, { spec })];
  expect(() => renderNodeRules({ ...STAGE, pods, policies, denial: "drop" })).toThrow(/^Cannot enforce/);
});

interface Recording {
  readonly name: string;
  readonly fieldValidation: string;
  readonly accepted: boolean;
  readonly request: KubeObject;
  readonly storedSpec?: unknown;
}

function acceptedPolicies() {
  const file = new URL("../../../test/fixtures/kubernetes-api/networkpolicy-admission.json", import.meta.url);
  const recordings = JSON.parse(readFileSync(file, "utf8")) as readonly Recording[];
  return recordings
    .filter(({ accepted }) => accepted)
    .map(({ name, fieldValidation, request, storedSpec }) => ({
      ...{ name, fieldValidation, sent: request.spec, stored: storedSpec },
    }));
}

import { describe, expect, it } from "vitest";
import type { PlannedConnection, PlannedRequirement, ProofPlan } from "./model.ts";
import { deployment, intent, planFor, policies } from "./testing.ts";

const FROM_API = `{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: api}}}], ports: [{port: 5432}]}]}`;
const ONLY_DB = policies({ "shop/db": FROM_API });

describe("a requirement", () => {
  it("without a port speaks of every connection between its ends, and of what the policies leave open", () => {
    const { requirements } = planFor(ONLY_DB, { intent: intent("deny: [{from: shop/api, to: shop/db}]") });
    expect(requirements[0]).toMatchObject({
      text: "deny shop/api > shop/db",
      place: "intent.yaml:3:8",
      must: "not-connect",
      againstPolicy: ["shop/api > shop/db: the policies allow 5432/TCP"],
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

describe("a requirement about a range of ports", () => {
  const files = policies({
    "shop/db":
      "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: api}}}], ports: [{port: 9000}, {port: 9005}]}]}",
  });

  it("is held against every port of it, and one that is open is tried", () => {
    const plan = planFor(files, { intent: intent("deny: [{from: shop/api, to: shop/db, port: 9001-9010/TCP}]") });
    expect(plan.requirements[0]?.againstPolicy).toEqual(["shop/api > shop/db: the policies allow 9005/TCP"]);
    expect(plan.requirements[0]?.connections).toContain("shop/api > shop/db 9005/TCP");
  });

  it("that must be open is held against every port of it, and one that is closed is tried", () => {
    const plan = planFor(files, { intent: intent("allow: [{from: shop/api, to: shop/db, port: 9000-9005/TCP}]") });
    expect(plan.requirements[0]?.againstPolicy).toEqual(["shop/api > shop/db: the policies deny 9001-9004/TCP"]);
    expect(find(plan, "shop/api > shop/db 9001/TCP")).toMatchObject({ expectation: "deny" });
  });

  it("says nothing of the policies where they agree with it", () => {
    const { requirements } = planFor(files, {
      intent: intent("deny: [{from: shop/api, to: shop/db, port: 9001-9004/TCP}]"),
    });
    expect(requirements[0]?.againstPolicy).toEqual([]);
  });
});

it("a requirement without a port speaks of SCTP too", () => {
  const files = policies({
    "shop/db": "{podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: 5000, protocol: SCTP}]}]}",
  });
  const [required] = requirementsOf(files, "deny: [{from: elsewhere/unlabelled, to: shop/db}]");
  expect(required?.againstPolicy).toEqual(["elsewhere/unlabelled > shop/db: the policies allow 5000/SCTP"]);
});

it("a requirement about SCTP cannot be shown where the kernel has none", () => {
  const [required] = requirementsOf(ONLY_DB, "deny: [{from: shop/api, to: shop/db, port: 22/SCTP}]");
  expect(required).toMatchObject({ connections: [], unproven: ["there is no SCTP in this kernel"] });
});

it("a requirement about a CIDR of which no address is tried says why it cannot be shown", () => {
  const [required] = requirementsOf(ONLY_DB, "deny: [{from: shop/api, to: 10.244.0.0/24}]");
  expect(required).toMatchObject({
    connections: [],
    unproven: ["no address of 10.244.0.0/24 is among those tried outside the cluster"],
  });
});

describe("a requirement about a CIDR", () => {
  const files = policies({
    "shop/db":
      "{podSelector: {matchLabels: {app: db}}, policyTypes: [Egress, Ingress], egress: [{to: [{ipBlock: {cidr: 20.1.0.0/16, except: [20.1.0.0/17]}}, {ipBlock: {cidr: 'fd00::/64'}}]}], ingress: [{from: [{ipBlock: {cidr: 30.0.0.0/24}}], ports: [{port: 80}]}]}",
  });

  it.each([
    {
      name: "towards it, every address counts",
      line: "deny: [{from: shop/db, to: 20.0.0.0/8}]",
      against: ["shop/db > 20.1.128.0-20.1.255.255: the policies allow everything"],
    },
    { name: "met where no address is open", line: "deny: [{from: shop/db, to: 20.1.0.0/17}]", against: [] },
    {
      name: "that must be open, every address counts",
      line: "allow: [{from: shop/db, to: 20.1.0.0/16, port: 443/TCP}]",
      against: ["shop/db > 20.1.0.0-20.1.127.255: the policies deny 443/TCP"],
    },
    {
      name: "from it",
      line: "deny: [{from: 30.0.0.0/8, to: shop/db, port: 1-1024/TCP}]",
      against: ["30.0.0.0-30.0.0.255 > shop/db: the policies allow 80/TCP"],
    },
    {
      name: "of IPv6",
      line: "deny: [{from: shop/db, to: 'fd00::/16', port: 443/TCP}]",
      against: ["shop/db > fd00::-fd00::ffff:ffff:ffff:ffff: the policies allow 443/TCP"],
    },
    {
      name: "for a pod that nobody isolates",
      line: "deny: [{from: elsewhere/unlabelled, to: 20.0.0.0/8, port: 443/TCP}]",
      against: ["elsewhere/unlabelled > 20.0.0.0-20.255.255.255: the policies allow 443/TCP"],
    },
  ])("$name", ({ line, against }) => {
    expect(requirementsOf(files, line)[0]?.againstPolicy).toEqual(against);
  });
});

describe("a requirement about workloads that have no pod", () => {
  const host = `{apiVersion: v1, kind: Pod, metadata: {namespace: shop, name: agent, labels: {app: db}}, spec: {hostNetwork: true, containers: [{name: a, image: x}]}}`;

  it("is unproven where it names one of hostNetwork, and no stand-in answers for it", () => {
    const [required] = requirementsOf(policies({ "shop/db": FROM_API }, host), "deny: [{from: '*', to: shop/agent}]");
    expect(required).toMatchObject({
      connections: [],
      unproven: [expect.stringMatching(/^shop\/agent is not on the stage: .*hostNetwork/)],
    });
  });

  it.each(["shop/b", "shop/*", "{podSelector: {matchLabels: {app: b}}}"])(
    "is unproven where it means one beyond --max-pods: %s",
    (to) => {
      const both = [deployment("shop/a", "{app: a}"), deployment("shop/b", "{app: b}")].join("\n---\n");
      const wanted = intent(`deny: [{from: shop/a, to: ${to}}]`);
      const { requirements } = planFor(policies({ "shop/db": FROM_API }, both), { intent: wanted, maxPods: 1 });
      expect(requirements[0]?.unproven).toEqual([
        "shop/b is not on the stage: the limit of 1 pods is reached (--max-pods)",
      ]);
    },
  );

  it("means all that share a name", () => {
    const job = `{apiVersion: batch/v1, kind: Job, metadata: {namespace: shop, name: db}, spec: {template: {metadata: {labels: {app: job}}, spec: {containers: [{name: a, image: x}]}}}}`;
    const both = [deployment("shop/db", "{app: db}"), job].join("\n---\n");
    const [required] = requirementsOf(
      policies({ "shop/db": FROM_API }, both),
      "deny: [{from: shop/api, to: shop/db, port: 22/TCP}]",
    );
    expect(required?.connections.toSorted()).toEqual(["shop/api > shop/db 22/TCP", "shop/api > shop/db-job 22/TCP"]);
  });
});

function requirementsOf(files: Parameters<typeof planFor>[0], line: string): readonly PlannedRequirement[] {
  return planFor(files, { intent: intent(line) }).requirements;
}

function find({ connections }: ProofPlan, id: string): PlannedConnection {
  const found = connections.find(({ probe }) => probe.id === id);
  if (found === undefined) throw new Error(`no connection ${id}`);
  return found;
}

import { describe, expect, it } from "vitest";
import type { PlannedConnection, ProofPlan } from "./model.ts";
import { deployment, intent, planFor, policies } from "./testing.ts";

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

  it("judge each family by itself: over the second, something open and something closed of every pair", () => {
    const plan = planFor(ONLY_DB, { isDual: true });
    const further = plan.connections.filter(({ probe }) => probe.address.startsWith("fd00:"));
    expect(further.every(({ probe }) => probe.sourceAddress.includes(":"))).toBe(true);
    const toDb = further.filter(({ from, to }) => from === "shop/api" && to === "shop/db");
    expect(Object.fromEntries(toDb.map(({ probe: { id }, expectation }) => [id, expectation]))).toEqual({
      "shop/api > shop/db 5432/TCP over IPv6": "allow",
      "shop/api > shop/db 7777/TCP over IPv6": "deny",
      "shop/api > shop/db 7777/UDP over IPv6": "deny",
    });
    expect(plan.notTested.some(({ reason }) => reason.startsWith("over IPv6"))).toBe(true);
    const { witnesses } = plan.adequacy.find(({ fault }) => fault === "ipv6-not-enforced") ?? { witnesses: [] };
    expect(witnesses).toContain("shop/api > shop/db 7777/TCP over IPv6");
    expect(witnesses.every((id) => id.includes(":") || id.endsWith("over IPv6"))).toBe(true);
    expect(plan.isolation.map(({ name }) => name)).toEqual([...new Set(plan.isolation.map(({ name }) => name))]);
  });

  it.each([true, false])("are over SCTP too where the kernel has it, and are else not tested: %s", (hasSctp) => {
    const files = policies({ "shop/db": "{podSelector: {}, ingress: [{ports: [{port: 5000, protocol: SCTP}]}]}" });
    const { connections, notTested } = planFor(files, { hasSctp });
    const sctp = connections.filter(({ probe: { protocol, port } }) => protocol === "SCTP" && port === 5000);
    expect(sctp.some(({ expectation }) => expectation === "allow")).toBe(hasSctp);
    expect(notTested.some(({ what }) => what === "SCTP")).toBe(!hasSctp);
  });

  it("go through Services, decided by the address and the port of the pod behind them", () => {
    const service = (name: string, spec: string) =>
      `{apiVersion: v1, kind: Service, metadata: {namespace: shop, name: ${name}}, spec: ${spec}}`;
    const more = [
      deployment("shop/db", "{app: db}", "[{name: pg, containerPort: 5432}]"),
      deployment("shop/api", "{app: api}"),
      service("db", "{selector: {app: db}, ports: [{port: 80, targetPort: pg}]}"),
      service("own", "{selector: {app: db}, ports: [{port: 5432, targetPort: 80}]}"),
      service("nobody", "{selector: {app: none}, ports: [{port: 80}]}"),
    ];
    const { connections, notTested, adequacy } = planFor(policies({ "shop/db": FROM_API }, more.join("\n---\n")));
    const open = find({ connections }, "shop/api > service shop/db 80/TCP");
    expect(open).toMatchObject({
      expectation: "allow",
      to: "service shop/db",
      probe: { address: "10.96.0.10", port: 80 },
    });
    expect(open.probe.through).toMatchObject([{ destination: "shop/db", port: 5432 }]);
    expect(find({ connections }, "shop/api > service shop/own 5432/TCP")).toMatchObject({ expectation: "deny" });
    expect(find({ connections }, "elsewhere/api > service shop/db 80/TCP")).toMatchObject({ deniedBy: ["ingress"] });
    expect(connections.some(({ from, to }) => from === "shop/db" && to === "service shop/db")).toBe(false);
    expect(notTested).toContainEqual({
      what: "service shop/nobody 80/TCP",
      reason: "no pod of the stage is behind it",
    });
    expect(adequacy[0]?.witnesses).toContain("elsewhere/api > service shop/db 80/TCP");
  });

  it("do not go through a Service whose pods are denied by different directions", () => {
    const files = policies(
      {
        "shop/db": "{podSelector: {matchLabels: {role: first}}, ingress: []}",
        "shop/web":
          "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {role: first}}}]}]}",
      },
      [
        deployment("shop/one", "{app: db, role: first}"),
        deployment("shop/two", "{app: db, role: second}"),
        deployment("shop/web", "{app: web}"),
        "{apiVersion: v1, kind: Service, metadata: {namespace: shop, name: db}, spec: {selector: {app: db}, ports: [{port: 80}]}}",
      ].join("\n---\n"),
    );
    const { connections, notTested } = planFor(files);
    expect(connections.some(({ from, to }) => from === "shop/web" && to === "service shop/db")).toBe(false);
    expect(notTested).toContainEqual({
      what: "service shop/db 80/TCP",
      reason: "the pods behind it are not treated alike",
    });
  });

  it("go to an address outside that is not ours on its one port, and with a control", () => {
    const egress =
      "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 192.0.2.0/24}}]}]}";
    const plan = planFor(policies({ "shop/p": egress }), {
      externals: [
        { address: "192.0.2.7", port: 443 },
        { address: "198.51.100.7", port: 8443 },
      ],
    });
    const there = plan.connections.filter(({ probe }) => probe.handshake);
    expect(find(plan, "shop/web > 192.0.2.7 443/TCP")).toMatchObject({ expectation: "allow" });
    expect(find(plan, "shop/web > 198.51.100.7 8443/TCP")).toMatchObject({ expectation: "deny" });
    expect(new Set(there.map(({ to, probe }) => `${to} ${probe.port}/${probe.protocol}`))).toEqual(
      new Set(["192.0.2.7 443/TCP", "198.51.100.7 8443/TCP"]),
    );
    expect(there.filter(({ purpose }) => purpose === "control")).toHaveLength(2);
    expect(plan.connections.some(({ probe }) => probe.source.startsWith("external"))).toBe(false);
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

  it("serve every isolated pod and its rules before the rest, however small the budget", () => {
    const own = (name: string, port: number): string =>
      `{podSelector: {matchLabels: {app: ${name}}}, ingress: [{from: [{podSelector: {matchLabels: {to: ${name}}}}], ports: [{port: ${port}}]}]}`;
    const names = ["a", "b", "c", "d", "e"];
    const files = policies(Object.fromEntries(names.map((name, index) => [`shop/${name}`, own(name, 5000 + index)])));
    const { connections } = planFor(files, { maxProbes: 10 });
    const tried = connections.filter(({ purpose }) => purpose === "policies");
    expect(tried.map(({ from, to, expectation }) => `${from} ${to} ${expectation}`).toSorted()).toEqual(
      names.flatMap((name) => [`shop/${name}-2 shop/${name} allow`, `shop/${name}-2 shop/${name} deny`]),
    );
  });

  it("spare the neighbour table of a node whose pods share a link, and still serve every isolated pod", () => {
    const pods = Array.from({ length: 40 }, (_, index) => deployment(`shop/a${index}`, `{app: a${index}}`));
    const files = policies({ "shop/p": "{podSelector: {}, ingress: [{ports: [{port: 80}]}]}" }, pods.join("\n---\n"));
    const apart = planFor(files, { sharedLink: "10.99.0.0/16" });
    expect(apart.notTested).toEqual([]);
    const { connections, notTested } = planFor(files, { sharedLink: "10.244.0.0/16" });
    const inside = connections.filter(({ probe }) => !`${probe.source} ${probe.destination}`.includes("outside"));
    const ends = inside.map(({ probe }) => [probe.source, probe.destination].sort().join());
    expect(new Set(ends).size).toBeLessThanOrEqual(300);
    expect(new Set(ends).size).toBeGreaterThan(290);
    expect(notTested[0]?.reason).toMatch(/neighbour table/);
    expect(notTested[0]?.what).toBe(`${apart.connections.length - connections.length} further connections`);
    for (let index = 0; index < 40; index++) {
      const own = connections.filter(({ to }) => to === `shop/a${index}`);
      expect(own.some(({ expectation }) => expectation === "deny")).toBe(true);
      expect(own.some(({ expectation }) => expectation === "allow")).toBe(true);
    }
  });

  it("spare it even where an intent asks for everything, and say what was not tried", () => {
    const pods = Array.from({ length: 40 }, (_, index) => deployment(`shop/a${index}`, `{app: a${index}}`));
    const files = policies({ "shop/p": "{podSelector: {}}" }, pods.join("\n---\n"));
    const everything = intent("deny: [{from: '*', to: '*'}]");
    const { connections, notTested } = planFor(files, { sharedLink: "10.244.0.0/16", intent: everything });
    const inside = connections.filter(({ probe }) => !`${probe.source} ${probe.destination}`.includes("outside"));
    expect(
      new Set(inside.map(({ probe }) => [probe.source, probe.destination].sort().join())).size,
    ).toBeLessThanOrEqual(300);
    expect(notTested.some(({ reason }) => /neighbour table/.test(reason))).toBe(true);
  });

  it("are planned in time where many pods have many ports", { timeout: 60_000 }, () => {
    const pods = Array.from({ length: 20 }, (_, index) => deployment(`shop/a${index}`, `{app: a${index}}`));
    const items = Array.from({ length: 1000 }, (_, index) => `{port: ${1000 + 2 * index}}`).join();
    const files = policies({ "shop/p": `{podSelector: {}, ingress: [{ports: [${items}]}]}` }, pods.join("\n---\n"));
    const { connections, notTested } = planFor(files, { maxProbes: 2000 });
    expect(connections.filter(({ purpose }) => purpose === "policies")).toHaveLength(2000);
    expect(notTested[0]?.what).toMatch(/^\d{6} further connections$/);
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

describe("the isolation of a pod", () => {
  it("has the ipBlocks of the rules that apply to it, by direction", () => {
    const { isolation } = planFor(
      policies({
        "shop/p":
          "{podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress, Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16, 10.2.0.0/16]}}]}], ingress: [{from: [{ipBlock: {cidr: 20.0.0.0/8}}]}]}",
        "shop/other": "{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{ipBlock: {cidr: 30.0.0.0/8}}]}]}",
      }),
    );
    expect(isolation.find(({ name }) => name === "shop/db")).toEqual({
      name: "shop/db",
      isolated: ["ingress", "egress"],
      ipBlocks: { ingress: ["20.0.0.0/8"], egress: ["10.0.0.0/8 except 10.1.0.0/16, 10.2.0.0/16"] },
    });
    expect(isolation.find(({ name }) => name === "shop/web")?.ipBlocks).toEqual({
      ingress: ["30.0.0.0/8"],
      egress: [],
    });
  });
});

describe("what the plan would catch", () => {
  it("counts, for each fault model, the connections that would show it", () => {
    const { adequacy, connections } = planFor(ONLY_DB);
    const denied = connections.filter(({ purpose, expectation }) => purpose === "policies" && expectation === "deny");
    const ids = denied.map(({ probe }) => probe.id);
    const udp = ids.filter((id) => /^shop\/api > shop\/db 5432\/UDP/.test(id));
    const elsewhere = ids.filter((id) => /^elsewhere\/api > shop\/db 5432\/TCP/.test(id));
    expect(Object.fromEntries(adequacy.map(({ fault, witnesses }) => [fault, witnesses]))).toEqual({
      "nothing-enforced": ids,
      "ingress-not-enforced": ids,
      "egress-not-enforced": [],
      "ipv6-not-enforced": [],
      "policytypes-ignored": [],
      "pod-selector-cluster-wide": elsewhere,
      "peer-and-read-as-or": [],
      "except-ignored": [],
      "protocol-ignored": udp,
      "named-port-not-resolved": [],
      "endport-ignored-narrow": [],
      "endport-ignored-wide": [],
    });
    expect([udp.length, elsewhere.length]).toEqual([1, 1]);
  });
});

function find({ connections }: Pick<ProofPlan, "connections">, id: string): PlannedConnection {
  const found = connections.find(({ probe }) => probe.id === id);
  if (found === undefined) throw new Error(`no connection ${id}`);
  return found;
}

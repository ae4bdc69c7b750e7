import { describe, expect, it } from "vitest";
import type { Manifests } from "../snapshot/index.ts";
import { intent, policies } from "./testing.ts";
import { planTopology, type Topology } from "./topology.ts";

const FROM_API = `{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: api}}}]}]}`;

describe("the addresses outside", () => {
  const block = (text: string): string =>
    `{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: ${text}}]}]}`;

  it("lie at both ends of the block, just beyond, in each exception, and in no block", () => {
    const { outside } = plan(policies({ "shop/p": block("{cidr: 198.51.100.0/24, except: [198.51.100.64/26]}") }));
    expect(outside).toEqual([
      "198.51.100.0",
      "198.51.100.255",
      "198.51.99.255",
      "198.51.101.0",
      "198.51.100.64",
      "203.0.113.77",
    ]);
  });

  it("are one that nobody mentions where no policy has an ipBlock, so that everyone is more than every pod", () => {
    expect(plan(policies({ "shop/db": FROM_API })).outside).toEqual(["203.0.113.77"]);
  });

  it.each([
    { text: "{cidr: 20.0.0.0/8, except: [20.0.0.0/9, 20.255.255.0/24]}", found: ["20.255.254.255", "20.128.0.0"] },
    { text: "{cidr: 0.0.0.0/0, except: [0.0.0.0/1, 192.0.0.0/2, 128.0.0.0/3, 176.0.0.0/4]}", found: ["160.0.0.0"] },
    { text: "{cidr: 10.240.0.0/12, except: [10.240.0.0/14, 10.248.0.0/13]}", found: ["10.245.0.0"] },
  ])("lie beside the exceptions where these cover both ends: $text", ({ text, found }) => {
    const { outside, notTested } = plan(policies({ "shop/p": block(text) }));
    expect(outside).toEqual(expect.arrayContaining(found));
    expect(notTested).toEqual([]);
  });

  it("keep the one in no block, however many there are", () => {
    const peers = Array.from({ length: 20 }, (_, index) => `{ipBlock: {cidr: 20.${index}.0.0/16}}`).join();
    const { outside } = plan(policies({ "shop/p": `{podSelector: {}, ingress: [{from: [${peers}]}]}` }));
    expect(outside).toHaveLength(12);
    expect(outside.at(-1)).toBe("203.0.113.77");
  });

  it("have one in each CIDR of the intent before any has a second", () => {
    const cidrs = Array.from({ length: 10 }, (_, index) => `20.${2 * index}.0.0/16`);
    const lines = cidrs.map((cidr) => `{from: shop/db, to: ${cidr}}`).join();
    const { outside } = planTopology(policies({ "shop/db": FROM_API }), intent(`deny: [${lines}]`), OPTIONS);
    expect(outside.slice(0, 10)).toEqual(cidrs.map((cidr) => cidr.replace("/16", "")));
  });

  it("are never the cluster's own, nor such as no host can have", () => {
    const { outside } = plan(policies({ "shop/p": block("{cidr: 0.0.0.0/0, except: [10.0.0.0/8, 127.0.0.0/8]}") }));
    expect(outside.length).toBeGreaterThan(1);
    expect(outside.filter((address) => /^(0|127|22[4-9]|2[345]\d|10\.244)\./.test(address))).toEqual([]);
    expect(outside).toContain("10.0.0.0");
  });

  it("are named as not tested where a block has no address for a host outside", () => {
    const { notTested } = plan(policies({ "shop/p": block("{cidr: 10.244.0.0/24}") }));
    expect(notTested).toContainEqual({
      what: "ipBlock 10.244.0.0/24",
      reason: "none of its addresses can be given to a host outside the cluster",
    });
  });

  it("are named as not tested where they would be IPv6", () => {
    const { notTested, outside } = plan(policies({ "shop/p": block("{cidr: '2001:db8::/32'}") }));
    expect(notTested.map(({ what }) => what)).toContain("ipBlock 2001:db8::/32");
    expect(outside.every((address) => !address.includes(":"))).toBe(true);
  });

  it("are of each family that the pods have", () => {
    const files = policies({ "shop/p": block("{cidr: '2001:db8::/32', except: ['2001:db8:1::/48']}") });
    const { notTested, outside } = planTopology(files, intent(), { ...OPTIONS, families: [4, 6] });
    expect(outside).toEqual([
      "203.0.113.77",
      "2001:db8::",
      "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
      "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
      "2001:db9::",
      "2001:db8:1::",
      "3fff::77",
    ]);
    expect(notTested).toEqual([]);
  });

  it("include one in each CIDR of the intent, first of all", () => {
    const required = intent("deny: [{from: '*', to: 169.254.169.254/32}]");
    const { outside } = planTopology(policies({ "shop/db": FROM_API }), required, OPTIONS);
    expect(outside[0]).toBe("169.254.169.254");
  });
});

const OPTIONS = { maxPods: 60, clusterCidrs: ["10.244.0.0/16", "10.96.0.0/16"], families: [4] as const, externals: [] };

function plan(manifests: Manifests): Topology {
  return planTopology(manifests, intent(), OPTIONS);
}

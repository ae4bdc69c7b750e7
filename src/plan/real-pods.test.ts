import { describe, expect, it } from "vitest";
import { countRealPods } from "./real-pods.ts";
import { policies } from "./testing.ts";

const CLUSTER = {
  pods: [
    { namespace: "shop", labels: { app: "db" } },
    { namespace: "shop", labels: { app: "api" } },
    { namespace: "pay", labels: { app: "api" } },
  ],
  namespaces: new Map([
    ["shop", { team: "red" }],
    ["pay", { team: "blue" }],
  ]),
};

describe("the real pods that selectors match", () => {
  it("are counted for the subject in the policy's own namespace, and for each peer", () => {
    const { policies: found } = policies({
      "shop/db":
        "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: api}}}, {ipBlock: {cidr: 10.0.0.0/8}}, {namespaceSelector: {matchLabels: {team: blue}}}]}]}",
    });
    expect(
      countRealPods(
        found.map(({ policy }) => policy),
        CLUSTER,
      ),
    ).toEqual([
      { policy: "shop/db", pods: 1 },
      { policy: "shop/db", peer: { direction: "ingress", rule: 1, peer: 1 }, pods: 1 },
      { policy: "shop/db", peer: { direction: "ingress", rule: 1, peer: 3 }, pods: 1 },
    ]);
  });

  it("are none where a letter is wrong", () => {
    const { policies: found } = policies({ "shop/db": "{podSelector: {matchLabels: {app: bd}}}" });
    expect(
      countRealPods(
        found.map(({ policy }) => policy),
        CLUSTER,
      ),
    ).toEqual([{ policy: "shop/db", pods: 0 }]);
  });
});

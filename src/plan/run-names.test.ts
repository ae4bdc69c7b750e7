import { describe, expect, it } from "vitest";
import { plannedPolicy, renamedPolicy, runNames } from "./run-names.ts";
import { policies } from "./testing.ts";

const LONG = "a".repeat(63);
const OTHER = `${"a".repeat(62)}b`;
const names = runNames(
  { placement: { kind: "throwaway" }, namespaces: ["shop", "pay", LONG, OTHER].map((name) => ({ name, labels: {} })) },
  "1234abcd",
);
const SPEC = `{podSelector: {matchLabels: {"kubernetes.io/metadata.name": shop}}, ingress: [{from: [
  {namespaceSelector: {matchLabels: {"kubernetes.io/metadata.name": pay, team: shop}}},
  {namespaceSelector: {matchExpressions: [
    {key: kubernetes.io/metadata.name, operator: In, values: [shop, strange]},
    {key: kubernetes.io/metadata.name, operator: NotIn, values: [pay]},
    {key: team, operator: In, values: [pay]}]}}]}]}`;

describe("the names of a run", () => {
  it("carry the run's id and the name of the files", () => {
    expect(names.actual("shop")).toBe("np-1234abcd-shop");
    expect(names.planned("np-1234abcd-shop")).toBe("shop");
  });

  it("leave what is not of the run as it is", () => {
    expect(names.actual("kube-system")).toBe("kube-system");
    expect(names.planned("np-ffffffff-shop")).toBe("np-ffffffff-shop");
  });

  it("are cut to 63 characters, and stay apart", () => {
    const both = [names.actual(LONG), names.actual(OTHER)];
    expect(both.map(({ length }) => length)).toEqual([63, 63]);
    expect(new Set(both).size).toBe(2);
    expect(both.map(names.planned)).toEqual([LONG, OTHER]);
  });

  it("are those of the files in a cluster of the run's own", () => {
    const own = runNames(
      { placement: { kind: "own-cluster" }, namespaces: [{ name: "shop", labels: {} }] },
      "1234abcd",
    );
    expect(own.actual("shop")).toBe("shop");
  });

  it("are those of the objects within a namespace of somebody else's", () => {
    const placement = { kind: "within", namespace: "team-x", runId: "1234abcd" } as const;
    const within = runNames({ placement, namespaces: [{ name: "shop", labels: {} }] }, "1234abcd");
    expect(within.actual("shop")).toBe("team-x");
    expect(within.actualObject("web")).toBe("np-1234abcd-web");
    expect(within.plannedObject("np-1234abcd-web")).toBe("web");
  });
});

describe("a policy", () => {
  const [manifest] = policies({ "shop/p": SPEC }).policies;
  if (manifest === undefined) throw new Error("no policy");

  it("goes into the run's namespace, and its namespaceSelectors follow, in In and NotIn too", () => {
    expect(renamedPolicy(manifest.object, names)).toMatchObject({
      metadata: { namespace: "np-1234abcd-shop", name: "p" },
      spec: {
        // A pod may well have a label of that name.
        podSelector: { matchLabels: { "kubernetes.io/metadata.name": "shop" } },
        ingress: [
          {
            from: [
              {
                namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "np-1234abcd-pay", team: "shop" } },
              },
              {
                namespaceSelector: {
                  matchExpressions: [
                    { operator: "In", values: ["np-1234abcd-shop", "strange"] },
                    { operator: "NotIn", values: ["np-1234abcd-pay"] },
                    { key: "team", values: ["pay"] },
                  ],
                },
              },
            ],
          },
        ],
      },
    });
  });

  it("means in the names of the files what it meant before it was sent", () => {
    const sent = policies({ "shop/p": SPEC }).policies.map(({ object }) => renamedPolicy(object, names));
    const [stored] = policies({ "np-1234abcd-shop/p": JSON.stringify(sent[0]?.spec) }).policies;
    if (stored === undefined) throw new Error("no policy");
    expect(plannedPolicy(stored.policy, names)).toEqual(manifest.policy);
  });
});

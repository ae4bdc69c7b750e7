import { describe, expect, test } from "vitest";
import type { ClusterState, NetworkPolicy, Pod, Rule } from "../snapshot/index.ts";
import { createExpectation, type Endpoint } from "./expectation.ts";
import { EVERYTHING, NOTHING } from "./ports-by-protocol.ts";

const FRONT = pod("front", "10.0.0.1");
const API = pod("api", "10.0.0.2", [
  { name: "http", port: 8080, protocol: "TCP" },
  { name: "http", port: 8443, protocol: "TCP" },
]);
const OUTSIDE: Endpoint = { kind: "address", address: "192.0.2.7" };

function pod(name: string, address: string, ports: Pod["ports"] = []): Pod {
  return { namespace: "shop", name, uid: name, labels: { app: name }, ports, addresses: [address], hostNetwork: false };
}

function at(pod: Pod): Endpoint {
  return { kind: "pod", pod, address: pod.addresses[0] ?? "" };
}

function policy(name: string, isolates: NetworkPolicy["isolates"]): NetworkPolicy {
  return { namespace: "shop", name, podSelector: [], isolates };
}

function state(...policies: NetworkPolicy[]): ClusterState {
  return { namespaces: [{ name: "shop", labels: {} }], pods: [FRONT, API], policies };
}

const RULES: readonly Rule[] = [
  {
    peers: [{ kind: "pods", podSelector: [{ key: "app", operator: "In", values: ["nobody"] }] }],
    ports: [{ kind: "all", protocol: "TCP" }],
  },
  {
    peers: [
      { kind: "ipBlock", cidr: "10.0.0.0/24", except: [] },
      { kind: "pods", podSelector: [{ key: "app", operator: "Exists", values: [] }] },
    ],
    ports: [
      { kind: "name", protocol: "UDP", name: "http" },
      { kind: "name", protocol: "TCP", name: "http" },
      { kind: "range", protocol: "UDP", from: 53, to: 54 },
    ],
  },
];
const HTTP = {
  ...NOTHING,
  TCP: [
    [8080, 8080],
    [8443, 8443],
  ],
};
const DNS = { ...NOTHING, UDP: [[53, 54]] };

describe("a decision", () => {
  test("names the policies that isolate and each clause that allows, in a fixed order", () => {
    const policies = [
      policy("b", { ingress: RULES }),
      policy("a", { ingress: [], egress: [{ peers: [], ports: [] }] }),
    ];
    const b = { namespace: "shop", name: "b" };
    const a = { namespace: "shop", name: "a" };
    expect(createExpectation(state(...policies)).pair(at(FRONT), at(API))).toStrictEqual({
      allowed: { ...NOTHING, TCP: HTTP.TCP, UDP: DNS.UDP },
      unspecified: NOTHING,
      decision: {
        egress: {
          kind: "isolated",
          by: [a],
          allows: [{ policy: a, rule: 0, peer: null, port: null, ports: EVERYTHING }],
        },
        ingress: {
          kind: "isolated",
          by: [a, b],
          allows: [
            { policy: b, rule: 1, peer: 0, port: 1, ports: HTTP, viaPodAddress: true },
            { policy: b, rule: 1, peer: 0, port: 2, ports: DNS, viaPodAddress: true },
            { policy: b, rule: 1, peer: 1, port: 1, ports: HTTP },
            { policy: b, rule: 1, peer: 1, port: 2, ports: DNS },
          ],
        },
      },
    });
  });

  test("sorts policies by namespace before name, capitals and digits by code", () => {
    const names = [policy("b", { ingress: [] }), policy("a10", { ingress: [] }), policy("a9", { ingress: [] })];
    const { decision } = createExpectation(state(...names)).pair(OUTSIDE, at(API));
    expect(decision.ingress).toMatchObject({ by: [{ name: "a10" }, { name: "a9" }, { name: "b" }] });
  });

  test("says where an end is no pod and where no policy isolates", () => {
    const expectation = createExpectation(state());
    expect(expectation.pair(OUTSIDE, at(API)).decision).toStrictEqual({
      egress: { kind: "outside" },
      ingress: { kind: "not-isolated" },
    });
    expect(expectation.pair(at(API), OUTSIDE).decision).toStrictEqual({
      egress: { kind: "not-isolated" },
      ingress: { kind: "outside" },
    });
  });

  test("stands by the letter where all is left open anyway", () => {
    const pair = createExpectation(state(policy("a", { ingress: [] }))).pair(at(API), at(API));
    expect(pair).toStrictEqual({
      allowed: NOTHING,
      unspecified: EVERYTHING,
      unspecifiedBecause: "self",
      decision: {
        egress: { kind: "not-isolated" },
        ingress: { kind: "isolated", by: [{ namespace: "shop", name: "a" }], allows: [] },
      },
    });
  });
});

describe("one connection", () => {
  const expectation = createExpectation(
    state(policy("in", { ingress: [{ peers: [], ports: [{ kind: "range", protocol: "TCP", from: 80, to: 81 }] }] })),
  );
  const egress = { kind: "not-isolated" };
  const by = [{ namespace: "shop", name: "in" }];

  test("is allowed by the clauses that open its port", () => {
    const answer = expectation.connection(at(FRONT), at(API), { protocol: "TCP", port: 81 });
    const ports = { ...NOTHING, TCP: [[80, 81]] };
    const allows = [{ policy: by[0], rule: 0, peer: null, port: 0, ports }];
    expect(answer).toStrictEqual({ kind: "allow", decision: { egress, ingress: { kind: "isolated", by, allows } } });
  });

  test.each([
    ["80/UDP", { protocol: "UDP", port: 80 }],
    ["79/TCP", { protocol: "TCP", port: 79 }],
    ["82/TCP", { protocol: "TCP", port: 82 }],
  ] as const)("is denied on %s because of ingress", (_name, on) => {
    const ingress = { kind: "isolated", by, allows: [] };
    expect(expectation.connection(at(FRONT), at(API), on)).toStrictEqual({
      kind: "deny",
      because: ["ingress"],
      decision: { egress, ingress },
    });
  });

  test("is denied by the ends that do not open its port, and by no other", () => {
    const open = (port: number): readonly Rule[] => [
      { peers: [], ports: [{ kind: "range", protocol: "TCP", from: port, to: port }] },
    ];
    const bothIsolated = createExpectation(state(policy("p", { egress: open(80), ingress: open(81) })));
    const deniedBy = (port: number) => {
      const answer = bothIsolated.connection(at(FRONT), at(API), { protocol: "TCP", port });
      return answer.kind === "deny" ? answer.because : answer.kind;
    };
    expect([80, 81, 82].map(deniedBy)).toEqual([["ingress"], ["egress"], ["egress", "ingress"]]);
  });

  test("is left open with the reason", () => {
    expect(expectation.connection(at(API), at(API), { protocol: "TCP", port: 82 })).toMatchObject({
      kind: "unspecified",
      because: "self",
    });
  });

  test.each([0, 65_536, 80.5, Number.NaN])("on %d is no connection", (port) => {
    expect(() => expectation.connection(at(FRONT), at(API), { protocol: "TCP", port })).toThrow(
      `Cannot judge a connection: ${port} is not a port`,
    );
  });
});

describe("what cannot be judged throws", () => {
  const expectation = createExpectation(state());

  test("two families", () => {
    expect(() => expectation.pair(at(API), { kind: "address", address: "2001:db8::7" })).toThrow(
      'Cannot judge a connection from "10.0.0.2" to "2001:db8::7": two families',
    );
  });

  test("an address that is none", () => {
    expect(() => expectation.pair(at(API), { kind: "address", address: "10.1" })).toThrow(
      'Cannot judge a connection: "10.1" is not an address',
    );
  });

  test("a pod of an unknown namespace", () => {
    expect(() => expectation.pair(at(API), at({ ...FRONT, namespace: "gone" }))).toThrow(
      'Cannot judge pod "gone/front": its namespace is not in the cluster\'s state',
    );
  });

  test("an ipBlock that is none", () => {
    const rule: Rule = { peers: [{ kind: "ipBlock", cidr: "10.0.0.0/33", except: [] }], ports: [] };
    expect(() => createExpectation(state(policy("p", { ingress: [rule] })))).toThrow(
      'Cannot read an ipBlock of a policy: "10.0.0.0/33" is not a CIDR',
    );
  });
});

test("a pod that is not in the state is judged by its own labels and ports", () => {
  const ports = [{ kind: "name", protocol: "TCP", name: "http" }] as const;
  const expectation = createExpectation(state(policy("p", { ingress: [{ peers: [], ports }] })));
  const probe = pod("probe", "10.0.0.9", [{ name: "http", port: 4000, protocol: "TCP" }]);
  expect(expectation.pair(at(FRONT), at(probe)).allowed).toEqual({ ...NOTHING, TCP: [[4000, 4000]] });
});

describe("under a fault", () => {
  const closed = state(policy("p", { ingress: [], egress: [] }));

  test.each([
    [undefined, "isolated", "isolated", NOTHING],
    ["nothing-enforced", "not-isolated", "not-isolated", EVERYTHING],
    ["ingress-not-enforced", "isolated", "not-isolated", NOTHING],
    ["egress-not-enforced", "not-isolated", "isolated", NOTHING],
  ] as const)("%s: egress is %s, ingress %s", (fault, egress, ingress, allowed) => {
    const expectation = createExpectation(closed, fault === undefined ? {} : { fault });
    const pair = expectation.pair(at(FRONT), at(API));
    expect(pair.decision.egress.kind).toBe(egress);
    expect(pair.decision.ingress.kind).toBe(ingress);
    expect(pair.allowed).toEqual(allowed);
  });
});

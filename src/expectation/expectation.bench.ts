import { bench, describe } from "vitest";
import type { ClusterState, NetworkPolicy, Peer, Pod, PortItem } from "../snapshot/index.ts";
import { contains, parseAddress, parseCidr } from "./cidr.ts";
import { createExpectation, type Endpoint } from "./expectation.ts";

const PORTS: readonly PortItem[] = [
  { kind: "range", protocol: "TCP", from: 8080, to: 8080 },
  { kind: "range", protocol: "UDP", from: 9000, to: 9010 },
  { kind: "name", protocol: "TCP", name: "http" },
];

function labelled(key: string, value: number): Peer {
  return { kind: "pods", podSelector: [{ key, operator: "In", values: [`${value}`] }] };
}

function policy(index: number): NetworkPolicy {
  const peers: readonly Peer[] = [
    labelled("app", index % 20),
    { kind: "pods", namespaceSelector: [{ key: "team", operator: "NotIn", values: [`${index % 3}`] }] },
    { kind: "ipBlock", cidr: "10.0.0.0/8", except: [`10.${index % 4}.0.0/16`] },
  ];
  return {
    namespace: `ns${index % 5}`,
    name: `policy${index}`,
    podSelector: [{ key: "tier", operator: "In", values: [`${index % 4}`] }],
    isolates: { ingress: [{ peers, ports: PORTS }], ...(index % 2 === 0 && { egress: [{ peers, ports: [] }] }) },
  };
}

function pod(index: number): Pod {
  return {
    namespace: `ns${index % 5}`,
    name: `pod${index}`,
    uid: `${index}`,
    labels: { app: `${index % 20}`, tier: `${index % 4}` },
    ports: [{ name: "http", port: 8000 + (index % 3), protocol: "TCP" }],
    addresses: [`10.${index % 6}.0.${index % 256}`],
    hostNetwork: false,
  };
}

function cluster(pods: number, policies: number): ClusterState {
  return {
    namespaces: Array.from({ length: 5 }, (_, index) => ({ name: `ns${index}`, labels: { team: `${index % 3}` } })),
    pods: Array.from({ length: pods }, (_, index) => pod(index)),
    policies: Array.from({ length: policies }, (_, index) => policy(index)),
  };
}

function judgeAllPairs(state: ClusterState): number {
  const expectation = createExpectation(state);
  const endpoints = state.pods.map((pod): Endpoint => ({ kind: "pod", pod, address: pod.addresses[0] ?? "" }));
  let open = 0;
  for (const source of endpoints) {
    for (const destination of endpoints) open += expectation.pair(source, destination).allowed.TCP.length;
  }
  return open;
}

describe("expectation", () => {
  const small = cluster(60, 30);
  const large = cluster(300, 200);
  bench("60 pods × 30 policies, all pairs", () => void judgeAllPairs(small));
  bench("300 pods × 200 policies, all pairs", () => void judgeAllPairs(large), { time: 2_000 });
});

describe("cidr", () => {
  const block = parseCidr("10.0.0.0/8");
  const address = parseAddress("10.1.2.3");
  if (block === undefined || address === undefined) throw new Error("no CIDR");
  bench("a million checks", () => {
    for (let index = 0; index < 1_000_000; index++) contains(block, address);
  });
});

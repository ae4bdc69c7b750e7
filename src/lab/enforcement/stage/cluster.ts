import type { KubeObject } from "../../contracts.ts";

/** The cluster that the tables of connections speak of; every pod stands for something that selectors tell apart. */
export interface StagePod {
  readonly namespace: string;
  readonly name: string;
  readonly node: "node1" | "node2";
  readonly addresses: readonly [string, string];
  readonly labels: Readonly<Record<string, string>>;
  readonly spec?: object;
}

const tcp = (name: string, containerPort: number) => ({ name, containerPort, protocol: "TCP" });

export const STAGE_PODS: readonly StagePod[] = [
  {
    ...{ namespace: "default", name: "plain", node: "node2", labels: {} },
    addresses: ["10.244.2.2", "fd00:10:244:2::2"],
  },
  {
    ...{ namespace: "shop", name: "web", node: "node1", labels: { app: "web", tier: "front" } },
    addresses: ["10.244.1.3", "fd00:10:244:1::3"],
    spec: { containers: [{ ports: [tcp("http", 8080)] }] },
  },
  {
    ...{ namespace: "shop", name: "api", node: "node2", labels: { app: "api", tier: "back" } },
    addresses: ["10.244.2.4", "fd00:10:244:2::4"],
    // One name, two numbers: each container has names of its own. The protocol defaults to TCP.
    spec: { containers: [{ ports: [{ name: "http", containerPort: 8081 }] }, { ports: [tcp("http", 8082)] }] },
  },
  {
    ...{ namespace: "shop", name: "db", node: "node1", labels: { app: "db" } },
    addresses: ["10.244.1.5", "fd00:10:244:1::5"],
    spec: {
      containers: [{ ports: [{ name: "http", containerPort: 80, protocol: "UDP" }, { containerPort: 82 }] }],
      initContainers: [{ restartPolicy: "Always", ports: [tcp("metrics", 9001)] }, { ports: [tcp("setup", 9002)] }],
    },
  },
  {
    ...{ namespace: "bank", name: "web", node: "node2", labels: { app: "web", tier: "front" } },
    addresses: ["10.244.2.6", "fd00:10:244:2::6"],
  },
  {
    ...{ namespace: "bank", name: "db", node: "node1", labels: { app: "db", mark: "" } },
    addresses: ["10.244.1.7", "fd00:10:244:1::7"],
  },
  {
    // No policy ever applies to it: what reaches it shows that packets flow.
    ...{ namespace: "fence", name: "post", node: "node1", labels: {} },
    addresses: ["10.244.1.8", "fd00:10:244:1::8"],
  },
];

export const NODE_ADDRESSES = {
  node1: ["10.250.0.2", "fd00:10:250::2"],
  node2: ["10.250.0.3", "fd00:10:250::3"],
} as const;

/** One host outside, with several addresses, IPv4 and IPv6. */
export const OUTSIDE_ADDRESSES = ["203.0.113.10", "203.0.113.200", "2001:db8::10", "2001:db8::1:10"] as const;

export const STAGE_NAMESPACES: readonly KubeObject[] = [
  object("Namespace", { name: "default" }, {}),
  object("Namespace", { name: "shop", labels: { team: "shop", kind: "public" } }, {}),
  object("Namespace", { name: "bank", labels: { team: "bank" } }, {}),
  object("Namespace", { name: "fence" }, {}),
];

/** In the node's own network, where it has the node's addresses and no rules. */
const HOST_POD = object(
  "Pod",
  { namespace: "shop", name: "host", labels: { app: "host" } },
  {
    spec: { nodeName: "node2", hostNetwork: true, containers: [{ ports: [tcp("http", 80)] }] },
    status: { phase: "Running", podIPs: NODE_ADDRESSES.node2.map((ip) => ({ ip })) },
  },
);

export const STAGE_POD_OBJECTS: readonly KubeObject[] = [
  ...STAGE_PODS.map(({ namespace, name, node, addresses, labels, spec }) =>
    object(
      "Pod",
      { namespace, name, labels },
      {
        spec: { nodeName: node, ...spec },
        status: { phase: "Running", podIP: addresses[0], podIPs: addresses.map((ip) => ({ ip })) },
      },
    ),
  ),
  HOST_POD,
];

/** An object as it is stored, with what the server sets. */
export function object(
  kind: string,
  metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> },
  fields: object,
): KubeObject {
  const apiVersion = kind === "NetworkPolicy" ? "networking.k8s.io/v1" : "v1";
  const uid = `uid-of-${kind}-${metadata.namespace}-${metadata.name}`;
  const creationTimestamp = "2026-11-21T02:41:44Z";
  return { apiVersion, kind, metadata: { uid, resourceVersion: "1", creationTimestamp, ...metadata }, ...fields };
}

// A small cluster for tables of clauses, and a check that the engine and the literal reading both give what is written.
import { describe, expect, test } from "vitest";
import { formatPorts, type PairExpectation, type PortsByProtocol } from "../../src/expectation/index.ts";
import { PROTOCOLS } from "../../src/snapshot/index.ts";
import { judge, literalAnswer } from "./both-readings.ts";
import type { RawCluster, RawContainer, RawEnd, RawNamespace, RawPod, RawPolicy } from "./evaluate.ts";

type Spec = RawPolicy["spec"];

/** A row: the policies by `namespace/name`, and what is open for pairs such as `shop/front > shop/api`. */
export interface Row {
  readonly name: string;
  readonly policies: Readonly<Record<string, Spec>>;
  /**
   * `everything`, `nothing`, or the exact ports such as `TCP 80, 443; UDP all`; behind `?` those left open with the
   * reason. `pod@6` is the pod at its IPv6 address; an address is an end outside the cluster.
   */
  readonly open: Readonly<Record<string, string>>;
}

const NAMESPACES: readonly RawNamespace[] = [
  namespace("shop", { team: "blue" }),
  namespace("dev", { team: "red", tier: "" }),
  namespace("ops", {}),
];

const PODS: readonly RawPod[] = [
  pod("shop/front", { app: "front", track: "stable" }, ["10.0.0.1", "fd00::1"]),
  pod("shop/api", { app: "api", tier: "" }, ["10.0.0.2", "fd00::2"], {
    containers: [
      container([
        { name: "http", containerPort: 8080 },
        { name: "metrics", containerPort: 9090, protocol: "TCP" },
        { name: "trace", containerPort: 9411, protocol: "UDP" },
      ]),
      container([{ name: "http", containerPort: 8088, protocol: "TCP" }]),
    ],
    initContainers: [
      container([{ name: "setup", containerPort: 7000, protocol: "TCP" }]),
      { ...container([{ name: "mesh", containerPort: 15_006, protocol: "TCP" }]), restartPolicy: "Always" },
    ],
  }),
  pod("shop/db", { app: "db" }, ["10.0.0.3", "fd00::3"], {
    containers: [container([{ name: "http", containerPort: 3000, protocol: "TCP" }])],
  }),
  pod("dev/front", { app: "front" }, ["10.0.1.1"]),
  pod("dev/bare", undefined, ["10.0.1.2"]),
  pod("ops/agent", { app: "agent", constructor: "x" }, ["10.0.2.1"]),
  pod("ops/node", { app: "agent" }, ["10.9.0.1"], { containers: [container([])], hostNetwork: true }),
];

function namespace(name: string, labels: Record<string, string>): RawNamespace {
  return { metadata: { name, labels: { ...labels, "kubernetes.io/metadata.name": name } } };
}

function container(ports: NonNullable<RawContainer["ports"]>): RawContainer {
  return { name: "main", ports };
}

function pod(
  path: string,
  labels: RawPod["metadata"]["labels"],
  addresses: readonly string[],
  spec: RawPod["spec"] = { containers: [container([])] },
): RawPod {
  const [namespace = "", name = ""] = path.split("/");
  return {
    metadata: { namespace, name, uid: path, ...(labels !== undefined && { labels }) },
    spec,
    status: { podIPs: addresses.map((ip) => ({ ip })) },
  };
}

function clusterWith(policies: Row["policies"]): RawCluster {
  const rawPolicies = Object.entries(policies).map(([path, spec]): RawPolicy => {
    const [namespace = "", name = ""] = path.split("/");
    return { metadata: { namespace, name }, ...(spec !== undefined && { spec }) };
  });
  return { namespaces: [...NAMESPACES], pods: [...PODS], policies: rawPolicies };
}

function endCalled(text: string): RawEnd {
  const [path = "", family] = text.split("@");
  if (!path.includes("/")) return { address: path };
  const found = PODS.find(({ metadata }) => `${metadata.namespace}/${metadata.name}` === path);
  const address = found?.status.podIPs?.find(({ ip }) => ip.includes(":") === (family === "6"))?.ip;
  if (found === undefined || address === undefined) throw new Error(`no end "${text}"`);
  return { pod: found, address };
}

export function describeRows(title: string, rows: readonly Row[]): void {
  describe(title, () => {
    for (const row of rows) test(row.name, () => expectRow(row));
  });
}

function expectRow({ policies, open }: Row): void {
  const cluster = clusterWith(policies);
  const { expectation, endpointOf } = judge(cluster);
  const seen: Record<string, string> = {};
  for (const [ends, written] of Object.entries(open)) {
    const [source, destination] = ends.split(" > ").map(endCalled);
    if (source === undefined || destination === undefined) throw new Error(`no pair "${ends}"`);
    const pair = expectation.pair(endpointOf(source), endpointOf(destination));
    seen[ends] = format(pair);
    for (const protocol of PROTOCOLS) {
      for (const port of probesFor(written)) {
        const literal = literalAnswer(cluster, { source, destination, protocol, port });
        expect({ ends, protocol, port, literal }).toEqual({
          ends,
          protocol,
          port,
          literal: answerIn(written, protocol, port),
        });
      }
    }
  }
  expect(seen).toEqual(open);
}

function format({ allowed, unspecified, unspecifiedBecause }: PairExpectation): string {
  return unspecifiedBecause === undefined
    ? formatSide(allowed)
    : `${formatSide(allowed)} ? ${formatSide(unspecified)}, ${unspecifiedBecause}`;
}

function formatSide(ports: PortsByProtocol): string {
  const filled = PROTOCOLS.filter((protocol) => ports[protocol].length > 0);
  if (filled.length === 0) return "nothing";
  const parts = filled.map((protocol) => `${protocol} ${formatPorts(ports[protocol])}`);
  return parts.join("; ") === "TCP all; UDP all; SCTP all" ? "everything" : parts.join("; ");
}

/** What the written text says of one port, read without the engine's help. */
function answerIn(written: string, protocol: string, port: number): string {
  const [allowed = "", open = ""] = written.split(" ? ");
  const [unspecified = "", reason] = open.split(/, (?=[a-zA-Z-]+$)/);
  if (isAmong(allowed, protocol, port)) return "allow";
  return isAmong(unspecified, protocol, port) ? `unspecified: ${reason}` : "deny";
}

function isAmong(side: string, protocol: string, port: number): boolean {
  if (side === "everything") return true;
  const ports = side.split("; ").find((part) => part.startsWith(`${protocol} `));
  if (ports === undefined) return false;
  if (ports === `${protocol} all`) return true;
  return ports
    .slice(protocol.length + 1)
    .split(", ")
    .some((range) => {
      const [from, to = from] = range.split("-").map(Number);
      return from !== undefined && to !== undefined && from <= port && port <= to;
    });
}

function probesFor(written: string): number[] {
  const numbers = [...written.matchAll(/\d+/g)].map(([number]) => Number(number));
  const ports = [1, 4242, 65_535, ...numbers.flatMap((number) => [number - 1, number, number + 1])];
  return [...new Set(ports)].filter((port) => port >= 1 && port <= 65_535);
}

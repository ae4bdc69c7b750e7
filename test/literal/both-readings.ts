// The engine and the literal reading, asked about the same raw JSON.
import {
  createExpectation,
  type Endpoint,
  type Expectation,
  hasPort,
  type PairExpectation,
  type SemanticFault,
} from "../../src/expectation/index.ts";
import {
  type ClusterState,
  type Pod,
  PROTOCOLS,
  type Protocol,
  parseNamespace,
  parsePod,
  parsePolicy,
} from "../../src/snapshot/index.ts";
import { OUTSIDE_ADDRESSES } from "./arbitrary-cluster.ts";
import { evaluate, type RawCluster, type RawConnection, type RawEnd } from "./evaluate.ts";
import { MISREAD } from "./misread.ts";

export type Answer =
  | "allow"
  | "deny"
  | "unspecified: self"
  | "unspecified: hostNetwork"
  | "unspecified: ipblock-matches-pod";

export function stateOf(cluster: RawCluster): ClusterState {
  return {
    namespaces: cluster.namespaces.map(parseNamespace),
    pods: cluster.pods.map(parsePod),
    policies: cluster.policies.map(parsePolicy),
  };
}

export interface Judged {
  readonly expectation: Expectation;
  readonly endpointOf: (end: RawEnd) => Endpoint;
}

export function judge(cluster: RawCluster, fault?: SemanticFault): Judged {
  const state = stateOf(cluster);
  return {
    expectation: createExpectation(state, fault === undefined ? {} : { fault }),
    endpointOf: ({ pod, address }) => {
      if (pod === undefined) return { kind: "address", address };
      return { kind: "pod", pod: podCalled(state, pod.metadata.namespace, pod.metadata.name), address };
    },
  };
}

export interface EndpointPair {
  readonly source: Endpoint;
  readonly destination: Endpoint;
}

/** As `pairsOf`, for a state. */
export function endpointPairsOf({ pods }: ClusterState): readonly EndpointPair[] {
  const ends: Endpoint[] = [
    ...pods.flatMap((pod) => pod.addresses.map((address): Endpoint => ({ kind: "pod", pod, address }))),
    ...OUTSIDE_ADDRESSES.map((address): Endpoint => ({ kind: "address", address })),
  ];
  const pairs = ends.flatMap((source) => ends.map((destination) => ({ source, destination })));
  return pairs.filter(
    ({ source, destination }) =>
      isIpv6(source) === isIpv6(destination) && (source.kind === "pod" || destination.kind === "pod"),
  );
}

function podCalled(state: ClusterState, namespace: string, name: string): Pod {
  const pod = state.pods.find((one) => one.namespace === namespace && one.name === name);
  if (pod === undefined) throw new Error(`no pod "${namespace}/${name}"`);
  return pod;
}

/** Every pair of ends of one family with a pod at one end at least, a pod to itself included. */
function* pairsOf(cluster: RawCluster): Generator<Pick<RawConnection, "source" | "destination">> {
  const pods = cluster.pods.flatMap((pod) => (pod.status.podIPs ?? []).map(({ ip }): RawEnd => ({ address: ip, pod })));
  const outside = OUTSIDE_ADDRESSES.map((address): RawEnd => ({ address }));
  for (const source of [...pods, ...outside]) {
    for (const destination of [...pods, ...outside]) {
      if (isIpv6(source) !== isIpv6(destination)) continue;
      if (source.pod !== undefined || destination.pod !== undefined) yield { source, destination };
    }
  }
}

function isIpv6({ address }: { readonly address: string }): boolean {
  return address.includes(":");
}

export function literalAnswer(cluster: RawCluster, connection: RawConnection): Answer {
  const { verdict, onlyByPodAddress, leftOpen } = evaluate(cluster, connection);
  if (leftOpen !== null) return `unspecified: ${leftOpen}`;
  return onlyByPodAddress ? "unspecified: ipblock-matches-pod" : verdict;
}

function engineAnswer(pair: PairExpectation, protocol: Protocol, port: number): Answer {
  const isAllowed = hasPort(pair.allowed[protocol], port);
  const isUnspecified = hasPort(pair.unspecified[protocol], port);
  if (isAllowed && isUnspecified) throw new Error(`${port}/${protocol} is both allowed and unspecified`);
  if (!isUnspecified) return isAllowed ? "allow" : "deny";
  if (pair.unspecifiedBecause === undefined) throw new Error(`${port}/${protocol} is unspecified without a reason`);
  return `unspecified: ${pair.unspecifiedBecause}`;
}

/** The ports that the cluster mentions with their neighbours, the first and the last port, and one nobody mentions. */
function interestingPorts(cluster: RawCluster): number[] {
  const mentioned = [...JSON.stringify(cluster).matchAll(/"(?:port|endPort|containerPort)":(\d+)/g)].map((match) =>
    Number(match[1]),
  );
  const ports = [1, 4242, 65_535, ...mentioned.flatMap((port) => [port - 1, port, port + 1])];
  return [...new Set(ports)].filter((port) => port >= 1 && port <= 65_535).sort((a, b) => a - b);
}

function endIn({ pods }: RawCluster, { address, pod }: RawEnd): RawEnd {
  if (pod === undefined) return { address };
  const { namespace, name } = pod.metadata;
  const own = pods.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
  return { address, pod: own ?? pod };
}

/** The first connection on which the readings differ: the engine under a fault, and the literal one of what it makes of the API. */
export function findDifference(cluster: RawCluster, fault?: SemanticFault): string | undefined {
  const { expectation, endpointOf } = judge(cluster, fault);
  const ports = interestingPorts(cluster);
  for (const { source, destination } of pairsOf(cluster)) {
    const pair = expectation.pair(endpointOf(source), endpointOf(destination));
    const read = fault === undefined ? cluster : MISREAD[fault](cluster, isIpv6(source) ? 6 : 4);
    const ends = { source: endIn(read, source), destination: endIn(read, destination) };
    for (const protocol of PROTOCOLS) {
      for (const port of ports) {
        const engine = engineAnswer(pair, protocol, port);
        const literal = literalAnswer(read, { ...ends, protocol, port });
        if (engine !== literal) {
          return `${source.address} > ${destination.address} ${port}/${protocol}: engine "${engine}", literal "${literal}"`;
        }
      }
    }
  }
  return undefined;
}

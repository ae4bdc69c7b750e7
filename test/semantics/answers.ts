// Both readings of the same text. The engine's begins with the manifests as netproof reads them; the literal evaluator
// is given what the YAML package makes of them, completed as the API server would. Neither sees the other's reading.
import { isIP } from "node:net";
import { parseAllDocuments } from "yaml";
import { type ConnectionExpectation, createExpectation, type Endpoint } from "../../src/expectation/index.ts";
import { type ClusterState, type Protocol, parseManifests } from "../../src/snapshot/index.ts";
import { type Answer, literalAnswer } from "../literal/both-readings.ts";
import type { RawCluster, RawEnd, RawNamespace, RawPod, RawPolicy } from "../literal/evaluate.ts";
import { ADDRESSES, CAST, OUTSIDE } from "./cast.ts";
import type { ConnectionsCheck } from "./sentence.ts";

export interface Answers {
  readonly engine: Readonly<Record<string, Answer>>;
  readonly literal: Readonly<Record<string, Answer>>;
}

export function writtenAnswers({ allow, deny, unspecified = {} }: ConnectionsCheck): Answers["engine"] {
  const answers = (connections: readonly string[], answer: Answer) =>
    connections.map((connection) => [connection, answer] as const);
  const written = [
    ...answers(allow, "allow"),
    ...answers(deny, "deny"),
    ...answers(unspecified.self ?? [], "unspecified: self"),
    ...answers(unspecified.hostNetwork ?? [], "unspecified: hostNetwork"),
    ...answers(unspecified["ipblock-matches-pod"] ?? [], "unspecified: ipblock-matches-pod"),
  ];
  const twice = written.find(([connection], index) =>
    written.some(([other], at) => at < index && other === connection),
  );
  if (twice !== undefined) throw new Error(`"${twice[0]}" is written down twice`);
  return Object.fromEntries(written);
}

export function answersOf(check: ConnectionsCheck): Answers {
  const connections = Object.keys(writtenAnswers(check));
  const judge = engineOf(check);
  const cluster = rawCluster(check);
  return {
    engine: Object.fromEntries(connections.map((connection) => [connection, engineAnswer(judge(connection))])),
    literal: Object.fromEntries(connections.map((connection) => [connection, literally(cluster, connection)])),
  };
}

/** The engine, asked about connections such as `shop/web > outside 53/UDP v6`; ends may be addresses. */
export function engineOf(check: ConnectionsCheck): (connection: string) => ConnectionExpectation {
  const state = stateOf(check);
  const expectation = createExpectation(state);
  const endpoint = ({ pod, address }: NamedEnd): Endpoint => {
    const found = state.pods.find(({ namespace, name }) => `${namespace}/${name}` === pod);
    return found === undefined ? { kind: "address", address } : { kind: "pod", pod: found, address };
  };
  return (text) => {
    const { source, destination, protocol, port } = parseConnection(text);
    return expectation.connection(endpoint(source), endpoint(destination), { protocol, port });
  };
}

function engineAnswer(answer: ConnectionExpectation): Answer {
  return answer.kind === "unspecified" ? `unspecified: ${answer.because}` : answer.kind;
}

const READ_CAST = parseManifests([{ name: "cast.yaml", text: CAST }], { defaultNamespace: "default" });

function stateOf({ manifests, defaultNamespace = "default" }: ConnectionsCheck): ClusterState {
  const files = [{ name: "policies.yaml", text: manifests.join("\n---\n") }];
  return {
    namespaces: READ_CAST.namespaces,
    pods: READ_CAST.workloads.map(({ kind, place, ...pod }) => {
      const path = `${pod.namespace}/${pod.name}`;
      return { ...pod, uid: path, addresses: ADDRESSES[path] ?? [] };
    }),
    policies: parseManifests(files, { defaultNamespace }).policies.map(({ policy }) => policy),
  };
}

function rawCluster({ manifests, defaultNamespace = "default" }: ConnectionsCheck): RawCluster {
  const policies = rawObjects(manifests.join("\n---\n"), "NetworkPolicy").map((object) => ({
    ...object,
    metadata: { namespace: defaultNamespace, ...object.metadata },
  }));
  return { policies, namespaces: RAW_NAMESPACES, pods: RAW_PODS };
}

/** What the server sets and the kubelet reports stands in no manifest. */
const RAW_NAMESPACES: RawNamespace[] = rawObjects(CAST, "Namespace").map(({ metadata: { name, labels } }) => ({
  metadata: { name, labels: { ...labels, "kubernetes.io/metadata.name": name } },
}));
const RAW_PODS: RawPod[] = rawObjects(CAST, "Pod").map((object) => {
  const path = `${object.metadata.namespace}/${object.metadata.name}`;
  const podIPs = (ADDRESSES[path] ?? []).map((ip) => ({ ip }));
  return { ...object, metadata: { ...object.metadata, uid: path }, status: { podIPs } };
});

interface RawObjects {
  readonly NetworkPolicy: RawPolicy;
  readonly Namespace: RawNamespace;
  readonly Pod: RawPod;
}

function rawObjects<Kind extends keyof RawObjects>(text: string, kind: Kind): RawObjects[Kind][] {
  return parseAllDocuments(text)
    .map((document) => document.toJS())
    .filter((object) => object?.kind === kind);
}

function literally(cluster: RawCluster, text: string): Answer {
  const { source, destination, protocol, port } = parseConnection(text);
  const end = ({ pod, address }: NamedEnd): RawEnd => {
    const found = cluster.pods.find(({ metadata }) => `${metadata.namespace}/${metadata.name}` === pod);
    return found === undefined ? { address } : { address, pod: found };
  };
  return literalAnswer(cluster, { source: end(source), destination: end(destination), protocol, port });
}

interface NamedEnd {
  /** Absent outside the cluster. */
  readonly pod?: string;
  readonly address: string;
}

function parseConnection(text: string) {
  const pattern = /^(\S+) > (\S+) (\d+)(?:\/(TCP|UDP|SCTP))?( v6)?$/;
  const [, source = "", destination = "", port, protocol = "TCP", v6] = pattern.exec(text) ?? [];
  const family = v6 === undefined ? 0 : 1;
  return {
    source: endCalled(source, family),
    destination: endCalled(destination, family),
    protocol: protocol as Protocol,
    port: Number(port),
  };
}

function endCalled(name: string, family: 0 | 1): NamedEnd {
  if (isIP(name)) return { address: name };
  if (name === "outside") return { address: OUTSIDE[family] };
  const addresses = ADDRESSES[name];
  if (addresses === undefined) throw new Error(`"${name}" is nothing of the cast`);
  return { pod: name, address: addresses[family] };
}

// What the API would have to hold so that a plugin without faults did what a faulty one does: the faults once more, as
// edits of the raw JSON, without any help from src/ but their names.
import type { SemanticFault } from "../../src/expectation/index.ts";
import type { Maybe, RawCluster, RawPeer, RawPolicy, RawPort, RawRule } from "./evaluate.ts";

type Edit = (cluster: RawCluster, family: 4 | 6) => RawCluster;
type Spec = NonNullable<RawPolicy["spec"]>;
const PROTOCOLS = ["TCP", "UDP", "SCTP"];

export const MISREAD: Readonly<Record<SemanticFault, Edit>> = {
  "nothing-enforced": (cluster) => ({ ...cluster, policies: [] }),
  "ingress-not-enforced": (cluster) => without("Ingress", cluster),
  "egress-not-enforced": (cluster) => without("Egress", cluster),
  "ipv6-not-enforced": (cluster, family) => (family === 6 ? { ...cluster, policies: [] } : cluster),
  "policytypes-ignored": (cluster) => eachSpec(cluster, ({ policyTypes: _, ...spec }) => spec),
  "pod-selector-cluster-wide": (cluster) =>
    eachPeer(cluster, (peer) => [
      peer.podSelector && !peer.namespaceSelector ? { ...peer, namespaceSelector: {} } : peer,
    ]),
  "peer-and-read-as-or": (cluster) =>
    eachPeer(cluster, ({ namespaceSelector, podSelector, ...rest }) =>
      namespaceSelector && podSelector
        ? [{ namespaceSelector }, { podSelector }]
        : [{ ...rest, ...(namespaceSelector && { namespaceSelector }), ...(podSelector && { podSelector }) }],
    ),
  "except-ignored": (cluster) =>
    eachPeer(cluster, (peer) => [peer.ipBlock ? { ipBlock: { cidr: peer.ipBlock.cidr } } : peer]),
  "protocol-ignored": (cluster) => {
    const items = eachPort(cluster, (item) =>
      PROTOCOLS.map((protocol) => ({
        ...item,
        protocol,
        ...(typeof item?.port === "string" ? { port: `${item.port}-${item.protocol ?? "TCP"}` } : {}),
      })),
    );
    return declared(items);
  },
  "named-port-not-resolved": (cluster) =>
    eachPort(cluster, (item) => [typeof item?.port === "string" ? { ...item, port: "nobody-declares-it" } : item]),
  "endport-ignored-narrow": (cluster) =>
    eachPort(cluster, (item) => {
      const { endPort: _, ...rest } = item ?? {};
      return [rest];
    }),
  "endport-ignored-wide": (cluster) =>
    eachPort(cluster, (item) => [
      item?.endPort && Number(item.port) < item.endPort ? { protocol: item.protocol } : item,
    ]),
};

/** Each name once for each protocol that it is declared for, and there for all protocols. */
function declared(cluster: RawCluster): RawCluster {
  const all = (container: RawCluster["pods"][number]["spec"]["containers"][number]) => ({
    ...container,
    ports: container.ports?.flatMap((port) =>
      port.name
        ? PROTOCOLS.map((protocol) => ({ ...port, name: `${port.name}-${port.protocol ?? "TCP"}`, protocol }))
        : [port],
    ),
  });
  return {
    ...cluster,
    pods: cluster.pods.map((pod) => ({
      ...pod,
      spec: {
        ...pod.spec,
        containers: pod.spec.containers.map(all),
        initContainers: pod.spec.initContainers?.map(all),
      },
    })),
  };
}

function without(type: "Ingress" | "Egress", cluster: RawCluster): RawCluster {
  const policies = cluster.policies.flatMap((policy): RawPolicy[] => {
    const spec = policy.spec ?? {};
    const given = spec.policyTypes?.length ? spec.policyTypes : ["Ingress", ...(spec.egress?.length ? ["Egress"] : [])];
    const policyTypes = given.filter((one) => one !== type);
    return policyTypes.length === 0 ? [] : [{ ...policy, spec: { ...spec, policyTypes } }];
  });
  return { ...cluster, policies };
}

function eachSpec(cluster: RawCluster, edit: (spec: Spec) => Spec): RawCluster {
  return {
    ...cluster,
    policies: cluster.policies.map((policy) => (policy.spec ? { ...policy, spec: edit(policy.spec) } : policy)),
  };
}

function eachRule(cluster: RawCluster, edit: (rule: Maybe<RawRule>) => Maybe<RawRule>): RawCluster {
  return eachSpec(cluster, (spec) => ({
    ...spec,
    ingress: spec.ingress?.map(edit),
    egress: spec.egress?.map(edit),
  }));
}

function eachPeer(cluster: RawCluster, edit: (peer: RawPeer) => RawPeer[]): RawCluster {
  return eachRule(cluster, (rule) => rule && { ...rule, from: rule.from?.flatMap(edit), to: rule.to?.flatMap(edit) });
}

function eachPort(cluster: RawCluster, edit: (item: Maybe<RawPort>) => Maybe<RawPort>[]): RawCluster {
  return eachRule(cluster, (rule) => rule && { ...rule, ports: rule.ports?.flatMap(edit) });
}

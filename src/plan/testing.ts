import { type ClusterState, type Intent, type Manifests, parseIntent, parseManifests } from "../snapshot/index.ts";
import { planCanary } from "./canary.ts";
import { planConnections } from "./connections.ts";
import type { ExternalTarget, ProofPlan } from "./model.ts";
import { planTopology } from "./topology.ts";

/** Manifests for tests, from the shortest YAML that says it: policies by `namespace/name` and their spec in flow style. */
export function policies(specs: Readonly<Record<string, string>>, more = ""): Manifests {
  const documents = Object.entries(specs).map(([key, spec]) => {
    const [namespace, name] = key.split("/");
    return `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {namespace: ${namespace}, name: ${name}}, spec: ${spec}}`;
  });
  return parseManifests([{ name: "p.yaml", text: [...documents, more].join("\n---\n") }], {
    defaultNamespace: "default",
  });
}

export function deployment(key: string, labels: string, ports = "[]"): string {
  const [namespace, name] = key.split("/");
  return `{apiVersion: apps/v1, kind: Deployment, metadata: {namespace: ${namespace}, name: ${name}}, spec: {selector: {matchLabels: ${labels}}, template: {metadata: {labels: ${labels}}, spec: {containers: [{name: main, image: x, ports: ${ports}}]}}}}`;
}

export function intent(...lines: readonly string[]): Intent {
  const text = `apiVersion: netproof.dev/v1\nkind: Intent\n${lines.join("\n")}\n`;
  return lines.length === 0 ? { lines: [] } : parseIntent([{ name: "intent.yaml", text }]);
}

/** The plan for the files on a stage as a server would make it, in a cluster with a host outside, on IPv4 unless it is dual. */
export function planFor(
  manifests: Manifests,
  options: {
    maxPods?: number;
    maxProbes?: number;
    intent?: Intent;
    sharedLink?: string;
    isDual?: boolean;
    externals?: readonly ExternalTarget[];
    hasSctp?: boolean;
  } = {},
): ProofPlan {
  const wanted = options.intent ?? intent();
  const topology = planTopology(manifests, wanted, {
    maxPods: options.maxPods ?? 60,
    clusterCidrs: ["10.244.0.0/16", "fd00:10:244::/48"],
    families: options.isDual ? [4, 6] : [4],
    externals: options.externals ?? [],
  });
  const canary = planCanary(topology, { kind: "throwaway" });
  const pods = [...topology.pods, ...canary.pods].map((pod, index) => ({
    ...pod,
    uid: `uid-${index}`,
    addresses: [`10.244.1.${index + 2}`, ...(options.isDual ? [`fd00:10:244:1::${index + 2}`] : [])],
    hostNetwork: false,
  }));
  const namespaces = topology.namespaces.map(({ name, labels }) => ({
    name,
    labels: { ...labels, "kubernetes.io/metadata.name": name },
  }));
  const canaryPolicies = policies(
    Object.fromEntries(canary.policies.map((policy) => [nameOf(policy), JSON.stringify(policy.spec)])),
  );
  const state: ClusterState = {
    namespaces: [...namespaces, { name: canary.namespace, labels: {} }],
    pods,
    policies: [...manifests.policies, ...canaryPolicies.policies].map(({ policy }) => policy),
  };
  const outside = { party: `${canary.namespace}/outside`, addresses: topology.outside };
  const onLink = options.sharedLink === undefined ? [] : [options.sharedLink];
  return planConnections(
    {
      state,
      onLink: new Map(pods.map(({ namespace, name }) => [`${namespace}/${name}`, onLink])),
      withoutSctp: new Set(options.hasSctp ? [] : pods.map(({ namespace, name }) => `${namespace}/${name}`)),
      outside,
      externals: options.externals ?? [],
      services: manifests.services.map((service, index) => ({ ...service, addresses: [`10.96.0.${index + 10}`] })),
      foreign: [],
    },
    {
      ports: topology.ports,
      canary,
      maxProbes: options.maxProbes ?? 10_000,
      maxNeighbours: 600,
      intent: wanted,
      workloads: topology.workloads,
      namespaces: topology.namespaces,
    },
  );
}

function nameOf({ metadata }: Readonly<Record<string, unknown>>): string {
  const { namespace, name } = metadata as { namespace: string; name: string };
  return `${namespace}/${name}`;
}

import { ApiError } from "./api-error.ts";
import type { ApiClient, Json } from "./client.ts";
import { list, NODES } from "./objects.ts";

/** What can be found out about a cluster before anything is made in it. */
export interface ClusterFacts {
  readonly version: string;
  /** The network plugin, as its API groups give it away; undefined if none does. */
  readonly plugin?: string;
  /** Linux nodes that take pods; empty if they may not be listed. */
  readonly nodes: readonly NodeFacts[];
  /** Names of the API groups that it has. */
  readonly groups: readonly string[];
}

export interface NodeFacts {
  readonly name: string;
  /** `kind://…`, `k3s://…`, `aws://…`; empty where nobody has set it. */
  readonly providerId: string;
  readonly runtime: string;
}

/** The oldest Kubernetes that netproof is meant for. */
const OLDEST = 29;

const PLUGINS: readonly (readonly [group: string, plugin: string])[] = [
  ["cilium.io", "Cilium"],
  ["crd.projectcalico.org", "Calico"],
  ["projectcalico.org", "Calico"],
  ["crd.antrea.io", "Antrea"],
  ["k8s.ovn.org", "OVN-Kubernetes"],
  ["kubeovn.io", "Kube-OVN"],
];

export async function readClusterFacts(client: ApiClient, signal: AbortSignal): Promise<ClusterFacts> {
  const [version, groups, nodes] = await Promise.all([
    client.call({ path: "/version", what: "ask for the cluster's version" }, signal),
    client.call({ path: "/apis", what: "list the cluster's API groups" }, signal),
    readNodes(client, signal),
  ]);
  const names = Array.isArray(groups.groups)
    ? groups.groups.map((group: { name?: unknown }) => String(group.name))
    : [];
  const plugin = PLUGINS.find(([group]) => names.includes(group))?.[1];
  return { version: String(version.gitVersion), groups: names, nodes, ...(plugin === undefined ? {} : { plugin }) };
}

/** A sentence for a cluster that is older than any netproof was tried with; undefined for the others. */
export function ageWarning(version: string): string | undefined {
  const minor = Number(/^v1\.(\d+)/.exec(version)?.[1] ?? Number.NaN);
  if (Number.isNaN(minor) || minor >= OLDEST) return undefined;
  return `this cluster is Kubernetes ${version}; netproof is meant for 1.${OLDEST} and later`;
}

async function readNodes(client: ApiClient, signal: AbortSignal): Promise<readonly NodeFacts[]> {
  try {
    const { items } = await list(client, { kind: NODES }, signal);
    return items.flatMap(readNode);
  } catch (error) {
    // Without the right to list nodes the scheduler spreads the pods as it likes.
    if (error instanceof ApiError && error.status.code === 403) return [];
    throw error;
  }
}

/** Empty for a node that takes no ordinary pods. */
function readNode(node: Json): readonly NodeFacts[] {
  const { name, labels = {} } = node.metadata as { name: string; labels?: Record<string, string> };
  const {
    unschedulable,
    taints = [],
    providerID = "",
  } = (node.spec ?? {}) as {
    unschedulable?: boolean;
    taints?: readonly { effect: string }[];
    providerID?: string;
  };
  const status = (node.status ?? {}) as {
    conditions?: readonly { type: string; status: string }[];
    nodeInfo?: { containerRuntimeVersion?: string };
  };
  const isReady = status.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True");
  const isOpen = !unschedulable && !taints.some(({ effect }) => effect === "NoSchedule" || effect === "NoExecute");
  if (!isReady || !isOpen || (labels["kubernetes.io/os"] ?? "linux") !== "linux") return [];
  const hostname = labels["kubernetes.io/hostname"] ?? name;
  return [{ name: hostname, providerId: providerID, runtime: status.nodeInfo?.containerRuntimeVersion ?? "" }];
}

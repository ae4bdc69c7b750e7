import type { TextFile } from "../snapshot/index.ts";
import { ApiError } from "./api-error.ts";
import type { ApiClient, Json } from "./client.ts";
import { get, type Kind, list, NAMESPACES, NETWORK_POLICIES, SERVICES } from "./objects.ts";

/** Kinds of which the files may hold templates, and the cluster the objects. */
const WORKLOADS: readonly (Kind & { readonly apiVersion: string })[] = [
  { apiVersion: "apps/v1", prefix: "/apis/apps/v1", plural: "deployments", singular: "Deployment" },
  { apiVersion: "apps/v1", prefix: "/apis/apps/v1", plural: "statefulsets", singular: "StatefulSet" },
  { apiVersion: "apps/v1", prefix: "/apis/apps/v1", plural: "daemonsets", singular: "DaemonSet" },
  { apiVersion: "apps/v1", prefix: "/apis/apps/v1", plural: "replicasets", singular: "ReplicaSet" },
  { apiVersion: "batch/v1", prefix: "/apis/batch/v1", plural: "jobs", singular: "Job" },
  { apiVersion: "batch/v1", prefix: "/apis/batch/v1", plural: "cronjobs", singular: "CronJob" },
  { apiVersion: "v1", prefix: "/api/v1", plural: "pods", singular: "Pod" },
  { ...SERVICES, apiVersion: "v1" },
];
const POLICIES = { ...NETWORK_POLICIES, apiVersion: "networking.k8s.io/v1", singular: "NetworkPolicy" };

export interface LiveManifests {
  /** A List for each namespace, as if it had been exported into a file. */
  readonly files: readonly TextFile[];
  /** Workloads that may not be listed, with where. */
  readonly unseen: readonly string[];
}

/**
 * What is already in these namespaces: labels, policies and workload templates. A namespace that is not there has none.
 * Throws an ApiError where labels or policies may not be seen: one that allows more would go unnoticed.
 */
export async function readLiveManifests(
  client: ApiClient,
  namespaces: readonly string[],
  signal: AbortSignal,
): Promise<LiveManifests> {
  const found = await Promise.all(namespaces.map((namespace) => readNamespace(client, namespace, signal)));
  return { files: found.map(({ file }) => file), unseen: found.flatMap(({ unseen }) => unseen) };
}

async function readNamespace(
  client: ApiClient,
  namespace: string,
  signal: AbortSignal,
): Promise<{ file: TextFile; unseen: string[] }> {
  const unseen: string[] = [];
  const whatIsSeen = async (what: string, read: () => Promise<readonly Json[]>): Promise<readonly Json[]> => {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status.code === 403 && WORKLOADS.some(({ plural }) => plural === what))
        unseen.push(`${what} in namespace "${namespace}"`);
      else if (error.status.code !== 404) throw error;
      return [];
    }
  };
  const lists = await Promise.all([
    whatIsSeen("the labels", async () => [
      {
        apiVersion: "v1",
        kind: "Namespace",
        ...withoutStatus(await get(client, { kind: NAMESPACES, name: namespace }, signal)),
      },
    ]),
    ...[POLICIES, ...WORKLOADS].map((kind) =>
      whatIsSeen(kind.plural, async () => {
        const { items } = await list(client, { kind, namespace }, signal);
        return distinct(items.filter((item) => !isMadeFromRead(item) && !hasNoPods(item))).map((item) => ({
          ...withoutStatus(item),
          apiVersion: kind.apiVersion,
          kind: kind.singular,
        }));
      }),
    ),
  ]);
  const text = JSON.stringify({ apiVersion: "v1", kind: "List", items: lists.flat() });
  return { file: { name: `cluster:${namespace}`, text }, unseen };
}

interface OwnerReference {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly controller?: boolean;
}

function controllerOf({ metadata }: Json): OwnerReference | undefined {
  const { ownerReferences = [] } = metadata as { ownerReferences?: readonly OwnerReference[] };
  return ownerReferences.find(({ controller }) => controller === true);
}

/** Its controller is read too, and would have it stand there twice. Any other controller's (a Rollout, an operator) is read itself. */
function isMadeFromRead(object: Json): boolean {
  const owner = controllerOf(object);
  return WORKLOADS.some(({ apiVersion, singular }) => owner?.apiVersion === apiVersion && owner.kind === singular);
}

/** An old revision of another controller's, or a pod that has run to its end. */
function hasNoPods(object: Json): boolean {
  const { replicas } = (object.spec ?? {}) as { replicas?: number };
  const { phase } = (object.status ?? {}) as { phase?: string };
  return (replicas === 0 && controllerOf(object) !== undefined) || phase === "Succeeded" || phase === "Failed";
}

/** Of what one controller made with the same labels one is enough. */
function distinct(items: readonly Json[]): readonly Json[] {
  const key = (item: Json): unknown => {
    const owner = controllerOf(item);
    const { labels } = item.metadata as { labels?: unknown };
    return owner === undefined ? item : JSON.stringify([owner.uid, labels]);
  };
  return [...new Map(items.map((item) => [key(item), item])).values()];
}

function withoutStatus({ status: _, ...object }: Json): Json {
  return object;
}

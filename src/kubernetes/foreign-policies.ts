import { selects } from "../expectation/index.ts";
import type { ForeignPolicy } from "../plan/index.ts";
import { type ClusterState, type NetworkPolicy, parsePolicy, parseSelector } from "../snapshot/index.ts";
import { ApiError } from "./api-error.ts";
import type { ApiClient, Json } from "./client.ts";
import { RUN_ANNOTATION } from "./marks.ts";
import { type Kind, list, NETWORK_POLICIES } from "./objects.ts";

export interface ForeignPolicies {
  readonly unknown: readonly ForeignPolicy[];
  /** NetworkPolicies that select pods of the stage and are not the run's: they join the expectation. */
  readonly understood: readonly NetworkPolicy[];
  /** The run's own NetworkPolicies, as they are now. */
  readonly own: readonly NetworkPolicy[];
  /** Kinds that may not be listed. */
  readonly unseen: readonly string[];
}

/** A kind of policy that plugins enforce beside NetworkPolicy. */
export interface PolicyKind extends Kind {
  readonly isNamespaced: boolean;
}

/** By API group: what its policies are called. Only what can allow or deny packets of ordinary pods. */
const POLICY_RESOURCES: Readonly<Record<string, readonly string[]>> = {
  "policy.networking.k8s.io": ["adminnetworkpolicies", "baselineadminnetworkpolicies", "clusternetworkpolicies"],
  "crd.projectcalico.org": ["globalnetworkpolicies", "networkpolicies"],
  "projectcalico.org": ["globalnetworkpolicies", "networkpolicies"],
  "cilium.io": ["ciliumclusterwidenetworkpolicies", "ciliumnetworkpolicies"],
  "crd.antrea.io": ["clusternetworkpolicies", "networkpolicies"],
  "k8s.ovn.org": ["egressfirewalls"],
};

export interface StageInCluster extends Pick<ClusterState, "namespaces" | "pods"> {
  readonly runId: string;
}

/** Lists every policy that could touch the stage, of all kinds that the cluster has. */
export async function listForeignPolicies(
  client: ApiClient,
  { runId, namespaces, pods }: StageInCluster,
  kinds: readonly PolicyKind[],
  signal: AbortSignal,
): Promise<ForeignPolicies> {
  const lists = await Promise.all(
    namespaces.map(({ name }) => list(client, { kind: NETWORK_POLICIES, namespace: name }, signal)),
  );
  const objects = lists.flatMap(({ items }) => items);
  const isOwn = (object: Json): boolean => runOf(object) === runId;
  const isTouching = ({ namespace, podSelector }: NetworkPolicy): boolean =>
    pods.some((pod) => pod.namespace === namespace && selects(podSelector, pod.labels));
  const found = await Promise.all(kinds.map((kind) => listKind(client, kind, namespaces, signal)));
  return {
    own: objects.filter(isOwn).map(parsePolicy),
    understood: objects
      .filter((object) => !isOwn(object))
      .map(parsePolicy)
      .filter(isTouching),
    unknown: found.flatMap(({ policies }) => policies),
    unseen: found.flatMap(({ unseen }) => unseen ?? []),
  };
}

/** Which kinds of policy the cluster has, of those that are known to exist at all. */
export async function readPolicyKinds(
  client: ApiClient,
  groups: readonly string[],
  signal: AbortSignal,
): Promise<readonly PolicyKind[]> {
  const known = groups.filter((group) => Object.hasOwn(POLICY_RESOURCES, group));
  const kinds = await Promise.all(known.map((group) => readGroup(client, group, signal)));
  return kinds.flat();
}

async function readGroup(client: ApiClient, group: string, signal: AbortSignal): Promise<readonly PolicyKind[]> {
  const what = `ask for the resources of "${group}"`;
  const { preferredVersion } = (await client.call({ path: `/apis/${group}`, what }, signal)) as {
    preferredVersion?: { groupVersion?: string };
  };
  const prefix = `/apis/${preferredVersion?.groupVersion ?? group}`;
  const { resources } = await client.call({ path: prefix, what }, signal);
  const named = (Array.isArray(resources) ? resources : []) as { name: string; kind: string; namespaced: boolean }[];
  return named
    .filter(({ name }) => POLICY_RESOURCES[group]?.includes(name))
    .map(({ name, kind, namespaced }) => ({ prefix, plural: name, singular: kind, isNamespaced: namespaced }));
}

async function listKind(
  client: ApiClient,
  kind: PolicyKind,
  namespaces: ClusterState["namespaces"],
  signal: AbortSignal,
): Promise<{ policies: readonly ForeignPolicy[]; unseen?: string }> {
  try {
    const lists = kind.isNamespaced
      ? await Promise.all(namespaces.map(({ name }) => list(client, { kind, namespace: name }, signal)))
      : [await list(client, { kind }, signal)];
    const objects = lists.flatMap(({ items }) => items);
    return { policies: objects.flatMap((object) => describe(kind, object, namespaces)) };
  } catch (error) {
    if (error instanceof ApiError && error.status.code === 403) return { policies: [], unseen: kind.singular };
    throw error;
  }
}

/** Empty for a policy whose subject is certainly none of the stage's pods. */
function describe(kind: PolicyKind, object: Json, namespaces: ClusterState["namespaces"]): readonly ForeignPolicy[] {
  const { name, namespace } = object.metadata as { name: string; namespace?: string };
  const what = `${kind.singular} ${namespace === undefined ? name : `${namespace}/${name}`}`;
  if (namespace !== undefined) return [{ what, namespaces: [namespace] }];
  const selector = subjectNamespaces(object);
  if (selector === undefined) return [{ what }];
  const touched = namespaces.filter(({ labels }) => selects(selector, labels)).map(({ name: own }) => own);
  return touched.length === 0 ? [] : [{ what, namespaces: touched }];
}

/** The namespaces of a cluster-scoped policy's subject, where its kind says so in label selectors. */
function subjectNamespaces({ spec }: Json): ReturnType<typeof parseSelector> | undefined {
  const { subject } = (spec ?? {}) as { subject?: { namespaces?: unknown; pods?: { namespaceSelector?: unknown } } };
  const selector = subject?.namespaces ?? subject?.pods?.namespaceSelector;
  if (selector === undefined || selector === null) return undefined;
  try {
    return parseSelector(selector, "subject");
  } catch {
    return undefined;
  }
}

function runOf({ metadata }: Json): string | undefined {
  const { annotations = {} } = metadata as { annotations?: Readonly<Record<string, string>> };
  return annotations[RUN_ANNOTATION];
}

import { ApiError, isStatus } from "./api-error.ts";
import type { ApiClient, Json } from "./client.ts";
import { RUN_ANNOTATION } from "./marks.ts";
import { withRetries } from "./retry.ts";

/** Where the objects of a kind live, and what they are called. */
export interface Kind {
  readonly prefix: string;
  readonly plural: string;
  readonly singular: string;
}

export const NAMESPACES: Kind = { prefix: "/api/v1", plural: "namespaces", singular: "namespace" };
export const PODS: Kind = { prefix: "/api/v1", plural: "pods", singular: "pod" };
export const NODES: Kind = { prefix: "/api/v1", plural: "nodes", singular: "node" };
export const SERVICES: Kind = { prefix: "/api/v1", plural: "services", singular: "Service" };
export const SERVICE_ACCOUNTS: Kind = { prefix: "/api/v1", plural: "serviceaccounts", singular: "service account" };
export const JOBS: Kind = { prefix: "/apis/batch/v1", plural: "jobs", singular: "Job" };
export const NETWORK_POLICIES: Kind = {
  prefix: "/apis/networking.k8s.io/v1",
  plural: "networkpolicies",
  singular: "NetworkPolicy",
};

const PAGE = 500;

/** One object by name; `namespace` is undefined for what is cluster-wide. */
export interface ObjectName {
  readonly kind: Kind;
  readonly namespace?: string;
  readonly name: string;
}

/** Lists all pages; an expired page token begins anew once. */
export async function list(
  client: ApiClient,
  { kind, namespace, metadataOnly = false }: Omit<ObjectName, "name"> & { metadataOnly?: boolean },
  signal: AbortSignal,
): Promise<{ items: readonly Json[]; resourceVersion: string }> {
  const items: Json[] = [];
  let token = "";
  let resourceVersion = "";
  do {
    const page = await client.call(
      {
        path: collectionPath(kind, namespace),
        query: { limit: PAGE, ...(token === "" ? {} : { continue: token }) },
        metadataOnly,
        what: `list ${kind.plural}${inNamespace(namespace)}`,
      },
      signal,
    );
    const metadata = page.metadata as { resourceVersion?: string; continue?: string } | undefined;
    if (Array.isArray(page.items)) items.push(...(page.items as Json[]));
    token = metadata?.continue ?? "";
    resourceVersion = metadata?.resourceVersion ?? "";
  } while (token !== "");
  return { items, resourceVersion };
}

export function get(client: ApiClient, { kind, namespace, name }: ObjectName, signal: AbortSignal): Promise<Json> {
  const what = `read ${kind.singular} "${name}"${inNamespace(namespace)}`;
  return client.call({ path: `${collectionPath(kind, namespace)}/${name}`, what }, signal);
}

/**
 * Creates an object. After a try that failed on the way it may exist already: then it is ours if it carries the same
 * annotations, and is given as it is.
 */
export function create(
  client: ApiClient,
  { kind, object, dryRun = false }: { kind: Kind; object: Json; dryRun?: boolean },
  signal: AbortSignal,
): Promise<Json> {
  const { name, namespace } = object.metadata as { name: string; namespace?: string };
  const what = `create ${kind.singular} "${name}"${inNamespace(namespace)}`;
  const query = { fieldValidation: "Strict", fieldManager: "netproof", ...(dryRun ? { dryRun: "All" } : {}) };
  const call = { method: "POST", path: collectionPath(kind, namespace), query, body: object, what } as const;
  return withRetries(async (attempt) => {
    try {
      return await client.once(call, signal);
    } catch (error) {
      if (attempt === 0 || dryRun || !isStatus(error, 409)) throw error;
      const found = await get(client, { kind, name, ...(namespace === undefined ? {} : { namespace }) }, signal);
      if (!isSameMaker(found, object)) throw error;
      return found;
    }
  }, signal);
}

function isSameMaker(found: Json, wanted: Json): boolean {
  const annotations = (object: Json): Json => ((object.metadata as { annotations?: Json }).annotations ?? {}) as Json;
  const [own, theirs] = [annotations(wanted), annotations(found)];
  return RUN_ANNOTATION in own && own[RUN_ANNOTATION] === theirs[RUN_ANNOTATION];
}

export function patch(
  client: ApiClient,
  { kind, namespace, name, body }: ObjectName & { body: Json },
  signal: AbortSignal,
): Promise<Json> {
  const what = `change ${kind.singular} "${name}"${inNamespace(namespace)}`;
  return client.call({ method: "PATCH", path: `${collectionPath(kind, namespace)}/${name}`, body, what }, signal);
}

/** Deletes an object; one that is gone already is no error. */
export async function remove(
  client: ApiClient,
  { kind, namespace, name }: ObjectName,
  signal: AbortSignal,
): Promise<void> {
  const what = `delete ${kind.singular} "${name}"${inNamespace(namespace)}`;
  try {
    // What it owns goes with it; a Job would orphan it by default.
    const query = { propagationPolicy: "Background" };
    await client.call({ method: "DELETE", path: `${collectionPath(kind, namespace)}/${name}`, query, what }, signal);
  } catch (error) {
    if (!(error instanceof ApiError && error.status.code === 404)) throw error;
  }
}

export function collectionPath({ prefix, plural }: Kind, namespace?: string): string {
  return namespace === undefined ? `${prefix}/${plural}` : `${prefix}/namespaces/${namespace}/${plural}`;
}

function inNamespace(namespace: string | undefined): string {
  return namespace === undefined ? "" : ` in namespace "${namespace}"`;
}

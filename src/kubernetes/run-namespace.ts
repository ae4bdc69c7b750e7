import type { Labels } from "../snapshot/index.ts";
import { isStatus } from "./api-error.ts";
import type { ApiClient, Json } from "./client.ts";
import { ownerJobName, RUN_ANNOTATION } from "./marks.ts";
import { create, JOBS, NAMESPACES, patch, SERVICE_ACCOUNTS } from "./objects.ts";
import { waitFor } from "./wait.ts";

const MAKE_MS = 30_000;

export interface RunNamespace {
  readonly name: string;
  readonly labels: Labels;
}

export interface RunNamespaceOptions {
  readonly runId: string;
  readonly deadlineSeconds: number;
  readonly readyTimeoutMs: number;
}

/** What the objects of a run in one namespace name as their owner: when it goes, they go. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller: false;
}

/**
 * Makes a namespace of the run. Once asked for, it is waited for whatever else happens, as is an owner: one that is made
 * after its removal would stay.
 */
export async function makeNamespace(
  client: ApiClient,
  { name, labels }: RunNamespace,
  { runId }: RunNamespaceOptions,
): Promise<void> {
  const metadata = { name, labels, annotations: { [RUN_ANNOTATION]: runId } };
  const object = { apiVersion: "v1", kind: "Namespace", metadata };
  await create(client, { kind: NAMESPACES, object }, AbortSignal.timeout(MAKE_MS));
}

/** A namespace that a cluster of the run's own has already gets the labels. */
export async function adoptNamespace(
  client: ApiClient,
  namespace: RunNamespace,
  options: RunNamespaceOptions,
  signal: AbortSignal,
): Promise<void> {
  try {
    await makeNamespace(client, namespace, options);
    await awaitServiceAccount(client, namespace.name, options, signal);
  } catch (error) {
    if (!isStatus(error, 409)) throw error;
    const { name, labels } = namespace;
    await patch(client, { kind: NAMESPACES, name, body: { metadata: { labels } } }, signal);
  }
}

/** Pods are refused until the namespace has its service account. */
export async function awaitServiceAccount(
  client: ApiClient,
  namespace: string,
  { readyTimeoutMs }: RunNamespaceOptions,
  signal: AbortSignal,
): Promise<void> {
  await waitFor(
    client,
    {
      kind: SERVICE_ACCOUNTS,
      namespace,
      names: ["default"],
      isDone: () => true,
      timeoutMs: readyTimeoutMs,
      forWhat: "the namespace's service account",
    },
    signal,
  );
}

/**
 * The owner of everything that the run makes in a namespace: a Job without pods. At its deadline it fails, is removed at
 * once, and the garbage collector removes what it owns: a run that was killed leaves neither pod nor policy.
 */
export async function makeOwner(
  client: ApiClient,
  namespace: string,
  { runId, deadlineSeconds }: RunNamespaceOptions,
): Promise<OwnerReference> {
  const object = jobObject(namespace, runId, deadlineSeconds);
  const stored = await create(client, { kind: JOBS, object }, AbortSignal.timeout(MAKE_MS));
  const { name, uid } = stored.metadata as { name: string; uid: string };
  return { apiVersion: "batch/v1", kind: "Job", name, uid, controller: false };
}

function jobObject(namespace: string, runId: string, deadlineSeconds: number): Json {
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { namespace, name: ownerJobName(runId), annotations: { [RUN_ANNOTATION]: runId } },
    spec: {
      parallelism: 0,
      backoffLimit: 0,
      activeDeadlineSeconds: deadlineSeconds,
      ttlSecondsAfterFinished: 0,
      template: {
        spec: {
          restartPolicy: "Never",
          automountServiceAccountToken: false,
          securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
          containers: [
            {
              name: "none",
              image: "localhost/none",
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
            },
          ],
        },
      },
    },
  };
}

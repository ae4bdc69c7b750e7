import { isStatus } from "./api-error.ts";
import type { ApiClient, Json } from "./client.ts";
import { OWNER_JOB, RUN_ANNOTATION } from "./marks.ts";
import { get, JOBS, list, NAMESPACES, remove } from "./objects.ts";

/** Something that a run has left, or that a living run still has. */
export interface Leftover {
  readonly namespace: string;
  readonly runId: string;
  /** Its owner has not reached its deadline: the run may still be going on. */
  readonly isAlive: boolean;
}

/** Finds the namespaces of all runs, by their annotation. */
export async function findLeftovers(client: ApiClient, signal: AbortSignal): Promise<readonly Leftover[]> {
  const { items } = await list(client, { kind: NAMESPACES }, signal);
  const own = items.flatMap((item) => {
    const { name, annotations = {}, deletionTimestamp } = item.metadata as Metadata;
    const runId = annotations[RUN_ANNOTATION];
    return runId === undefined || deletionTimestamp !== undefined ? [] : [{ namespace: name, runId }];
  });
  return Promise.all(
    own.map(async (leftover) => ({ ...leftover, isAlive: await hasOwner(client, leftover.namespace, signal) })),
  );
}

export async function removeLeftover(client: ApiClient, { namespace }: Leftover, signal: AbortSignal): Promise<void> {
  await remove(client, { kind: NAMESPACES, name: namespace }, signal);
}

interface Metadata {
  readonly name: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly deletionTimestamp?: string;
}

/** The Job is removed at its deadline, so one that is there is younger. */
async function hasOwner(client: ApiClient, namespace: string, signal: AbortSignal): Promise<boolean> {
  try {
    const job: Json = await get(client, { kind: JOBS, namespace, name: OWNER_JOB }, signal);
    return (job.metadata as Metadata).deletionTimestamp === undefined;
  } catch (error) {
    if (isStatus(error, 404)) return false;
    throw error;
  }
}

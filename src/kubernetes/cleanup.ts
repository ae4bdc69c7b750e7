import type { ApiClient, Json } from "./client.ts";
import { RUN_ANNOTATION } from "./marks.ts";
import { JOBS, list, NAMESPACES, type ObjectName, remove } from "./objects.ts";

/** Something that a run has left, or that a living run still has. */
export interface Leftover {
  readonly object: ObjectName;
  readonly runId: string;
  /** Its owner has not reached its deadline, or it is so young that it may not have one yet: the run may be going on. */
  readonly isAlive: boolean;
}

/** A run makes an owner in each of its namespaces within seconds. */
const YOUNG_MS = 60_000;

/** Finds what belongs to runs, by their annotation: their namespaces, and their Jobs in the namespaces of others. */
export async function findLeftovers(client: ApiClient, signal: AbortSignal): Promise<readonly Leftover[]> {
  const namespaces = (await list(client, { kind: NAMESPACES }, signal)).items.flatMap(ofRun);
  const jobs = (await list(client, { kind: JOBS }, signal)).items.flatMap(ofRun);
  const own = new Set(namespaces.map(({ name }) => name));
  const alive = new Set(jobs.map(({ namespace }) => namespace));
  return [
    ...namespaces.map(({ name, runId, createdAt }) => ({
      object: { kind: NAMESPACES, name },
      runId,
      isAlive: alive.has(name) || Date.now() - createdAt < YOUNG_MS,
    })),
    ...jobs.filter(({ namespace = "" }) => !own.has(namespace)).map(ownerJob),
  ];
}

/** The same within one namespace of somebody else's, for those who may not look into the others. */
export async function findLeftoversWithin(
  client: ApiClient,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly Leftover[]> {
  return (await list(client, { kind: JOBS, namespace }, signal)).items.flatMap(ofRun).map(ownerJob);
}

function ownerJob({ namespace = "", name, runId }: Marked): Leftover {
  return { object: { kind: JOBS, namespace, name }, runId, isAlive: true };
}

export async function removeLeftover(client: ApiClient, { object }: Leftover, signal: AbortSignal): Promise<void> {
  await remove(client, object, signal);
}

interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
}

interface Marked {
  readonly name: string;
  readonly namespace?: string;
  readonly runId: string;
  /** Milliseconds since the Unix epoch, on the server's clock. */
  readonly createdAt: number;
}

/** A Job is removed at its deadline, so that one that is there is younger. */
function ofRun({ metadata }: Json): readonly Marked[] {
  const { name, namespace, annotations = {}, creationTimestamp, deletionTimestamp } = metadata as Metadata;
  const runId = annotations[RUN_ANNOTATION];
  if (runId === undefined || deletionTimestamp !== undefined) return [];
  return [{ name, runId, createdAt: Date.parse(creationTimestamp), ...(namespace === undefined ? {} : { namespace }) }];
}

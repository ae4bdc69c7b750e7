import type { RealCluster } from "../plan/index.ts";
import type { Labels } from "../snapshot/index.ts";
import { isStatus } from "./api-error.ts";
import type { ApiClient } from "./client.ts";
import { RUN_ANNOTATION } from "./marks.ts";
import { type Kind, list, NAMESPACES, PODS } from "./objects.ts";

interface Meta {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Labels;
  readonly annotations?: Labels;
}

/** The labels of the cluster's pods and namespaces, those of runs aside; undefined where they may not be listed. */
export async function readRealPods(client: ApiClient, signal: AbortSignal): Promise<RealCluster | undefined> {
  try {
    const [pods, namespaces] = await Promise.all([
      listMeta(client, PODS, signal),
      listMeta(client, NAMESPACES, signal),
    ]);
    return {
      pods: pods.map(({ namespace = "", labels = {} }) => ({ namespace, labels })),
      namespaces: new Map(namespaces.map(({ name, labels = {} }) => [name, labels])),
    };
  } catch (error) {
    if (isStatus(error, 403)) return undefined;
    throw error;
  }
}

async function listMeta(client: ApiClient, kind: Kind, signal: AbortSignal): Promise<readonly Meta[]> {
  const { items } = await list(client, { kind, metadataOnly: true }, signal);
  return items
    .map(({ metadata }) => metadata as Meta)
    .filter(({ annotations = {} }) => !(RUN_ANNOTATION in annotations));
}

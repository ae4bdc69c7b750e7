import {
  ApiClient,
  ageWarning,
  imageHint,
  readAccess,
  readClusterFacts,
  readPolicyKinds,
} from "../kubernetes/index.ts";
import type { CommandContext } from "./context.ts";
import type { OpenCluster } from "./lab-cluster.ts";

export interface ClusterFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly probeImage: string;
}

/** Connects to the cluster of a kubeconfig's context. Throws a UserError where it cannot be reached. */
export async function openRealCluster(flags: ClusterFlags, { signal }: CommandContext): Promise<OpenCluster> {
  const source = { kind: "default", ...(flags.kubeconfig === undefined ? {} : { path: flags.kubeconfig }) } as const;
  const access = await readAccess(source, flags.context);
  const client = new ApiClient(access);
  try {
    const { version, plugin, nodes, groups } = await readClusterFacts(client, signal);
    const warning = ageWarning(version);
    return {
      cluster: {
        client,
        facts: {
          kind: "kubernetes",
          version,
          nodes: nodes.map(({ name }) => name),
          families: ["IPv4"],
          context: access.context,
          ...(plugin === undefined ? {} : { plugin }),
        },
        policyKinds: await readPolicyKinds(client, groups, signal),
        warnings: warning === undefined ? [] : [warning],
        imageHint: imageHint(flags.probeImage, access.context, nodes),
      },
      signal,
      [Symbol.asyncDispose]: async () => client.close(),
    };
  } catch (error) {
    client.close();
    throw error;
  }
}

import {
  ApiClient,
  ageWarning,
  imageHint,
  readAccess,
  readClusterFacts,
  readLiveManifests,
  readPolicyKinds,
} from "../kubernetes/index.ts";
import { type Manifests, mergeManifests, parseManifests } from "../snapshot/index.ts";
import type { CommandContext } from "./context.ts";
import type { OpenCluster } from "./lab-cluster.ts";

export interface ClusterFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly probeImage: string;
}

/** What a lab says at the end of its version. */
const LAB_VERSION = "+netproof-lab";

/** Connects to the cluster of a kubeconfig's context. Throws a UserError where it cannot be reached. */
export async function openRealCluster(flags: ClusterFlags, command: CommandContext): Promise<OpenCluster> {
  const client = await connect(flags, command);
  const { access } = client;
  const { signal } = command;
  try {
    const { version, plugin, nodes, groups } = await readClusterFacts(client, signal);
    const warning = ageWarning(version);
    return {
      cluster: {
        client,
        facts: {
          // A lab that was reached like any cluster still proves nothing about anyone's plugin.
          kind: version.endsWith(LAB_VERSION) ? "lab" : "kubernetes",
          version,
          nodes: nodes.map(({ name }) => name),
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

/** The files together with what is already in their namespaces; workloads that may not be listed become a warning. */
export async function withLive(files: Manifests, flags: ClusterFlags, command: CommandContext): Promise<Manifests> {
  const { policies, namespaces } = files;
  const names = [...policies.map(({ policy }) => policy.namespace), ...namespaces.map(({ name }) => name)];
  const client = await connect(flags, command);
  try {
    const { files: live, unseen } = await readLiveManifests(client, [...new Set(names)], command.signal);
    const merged = mergeManifests(files, parseManifests(live, { defaultNamespace: "default" }));
    const place = { file: "cluster", line: 1, column: 1 };
    const warnings = unseen.map((what) => ({ place, message: `${what} may not be listed, and are left out` }));
    return { ...merged, warnings: [...merged.warnings, ...warnings] };
  } finally {
    client.close();
  }
}

/** A client for a kubeconfig's context, through the proxy that the environment or the kubeconfig names. */
export async function connect(
  { kubeconfig, context }: Pick<ClusterFlags, "kubeconfig" | "context">,
  { env }: Pick<CommandContext, "env">,
): Promise<ApiClient> {
  const source = { kind: "default", ...(kubeconfig === undefined ? {} : { path: kubeconfig }) } as const;
  return new ApiClient(await readAccess(source, { env, ...(context === undefined ? {} : { context }) }));
}

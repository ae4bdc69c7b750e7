import type { KubeConfig } from "@kubernetes/client-node/dist/config.js";
import type { Cluster, User } from "@kubernetes/client-node/dist/config_types.js";
import { UserError } from "../errors/index.ts";
import { codeOf, messageOf } from "./cause.ts";

/** Where the cluster's access comes from. */
export type KubeconfigSource =
  | { readonly kind: "text"; readonly text: string }
  /** As kubectl finds it: `path`, else $KUBECONFIG, else ~/.kube/config, else the service account of the pod we run in. */
  | { readonly kind: "default"; readonly path?: string };

/** One context of a kubeconfig, with its cluster as its current one. */
export interface ChosenContext {
  readonly config: KubeConfig;
  readonly name: string;
  readonly namespace: string;
  readonly cluster: Cluster;
  readonly server: URL;
  readonly user: User | undefined;
}

const OTHERWISE = "or try without a cluster: --lab";

/** Reads a kubeconfig and chooses `context`, or its current one. Throws a UserError that says what is missing. */
export async function chooseContext(source: KubeconfigSource, context?: string): Promise<ChosenContext> {
  const config = await load(source);
  if (context !== undefined) config.setCurrentContext(context);
  const name = config.getCurrentContext();
  if (!name) {
    throw new UserError("NO_CONTEXT", "Cannot tell which cluster to use: the kubeconfig names no current context", {
      hint: chooseHint(config),
    });
  }
  const found = config.getContextObject(name);
  if (found === null) {
    throw new UserError("NO_CONTEXT", `Cannot tell which cluster to use: the kubeconfig has no context "${name}"`, {
      hint: chooseHint(config),
      kind: context === undefined ? "environment" : "usage",
    });
  }
  const cluster = config.getCluster(found.cluster);
  const user = config.getUser(found.user) ?? undefined;
  if (cluster === null) throw dangling(name, `cluster "${found.cluster}"`);
  if (found.user && user === undefined) throw dangling(name, `user "${found.user}"`);
  if (!URL.canParse(cluster.server)) {
    throw new UserError(
      "KUBECONFIG_UNREADABLE",
      `Cannot use context "${name}": the server of its cluster is no URL: "${cluster.server}"`,
      { hint: "Write it as https://host:port" },
    );
  }
  return { config, name, namespace: found.namespace ?? "default", cluster, server: new URL(cluster.server), user };
}

async function load(source: KubeconfigSource): Promise<KubeConfig> {
  // Loaded late: it costs a tenth of a second, and offline commands never need it.
  const { KubeConfig } = await import("@kubernetes/client-node/dist/config.js");
  const config = new KubeConfig();
  try {
    if (source.kind === "text") config.loadFromString(source.text);
    else if (source.path !== undefined) config.loadFromFile(source.path);
    else config.loadFromDefault();
  } catch (cause) {
    throw unreadable(source, cause);
  }
  if (isMadeUp(config)) {
    throw new UserError(
      "NO_CLUSTER",
      "Cannot tell which cluster to use: there is no kubeconfig, and this is no pod with a service account",
      {
        hint: `Name a kubeconfig with --kubeconfig or $KUBECONFIG (a pod needs its service account's token mounted), ${OTHERWISE}`,
      },
    );
  }
  return config;
}

/** What the client makes up where it finds neither a kubeconfig nor all of a pod's service account. */
function isMadeUp(config: KubeConfig): boolean {
  const context = config.getCurrentContext();
  const { server = "" } = config.getCurrentCluster() ?? {};
  return (
    (context === "loaded-context" && server === "http://localhost:8080") ||
    (context === "inClusterContext" && server.includes("undefined"))
  );
}

function unreadable(source: KubeconfigSource, cause: unknown): UserError {
  const { path = "" } = cause as NodeJS.ErrnoException;
  const named = source.kind === "default" ? source.path : undefined;
  const file = named ?? path;
  return new UserError(
    "KUBECONFIG_UNREADABLE",
    `Cannot read the kubeconfig${file && ` "${file}"`}: ${stateOf(cause)}`,
    {
      hint: `Name a readable one with --kubeconfig${named === undefined ? " or $KUBECONFIG" : ""}, ${OTHERWISE}`,
      kind: named !== undefined && codeOf(cause) === "ENOENT" ? "usage" : "environment",
      cause,
    },
  );
}

function stateOf(cause: unknown): string {
  switch (codeOf(cause)) {
    case "ENOENT":
      return "there is no such file";
    case "EACCES":
      return "it may not be read";
    case "EISDIR":
      return "it is a folder";
    default:
      // The library looks into what the YAML holds without asking whether it is an object at all.
      return cause instanceof TypeError ? "it holds no kubeconfig" : messageOf(cause);
  }
}

function dangling(context: string, what: string): UserError {
  return new UserError("KUBECONFIG_UNREADABLE", `Cannot use context "${context}": the kubeconfig has no ${what}`, {
    hint: "Mend the kubeconfig, or choose another --context",
  });
}

function chooseHint(config: KubeConfig): string {
  const names = config.getContexts().map(({ name }) => name);
  if (names.length === 0) return `It has no contexts at all; name another with --kubeconfig, ${OTHERWISE}`;
  const more = names.length > 10 ? ` and ${names.length - 10} more` : "";
  return `Choose one with --context: ${names.slice(0, 10).join(", ")}${more}; ${OTHERWISE}`;
}

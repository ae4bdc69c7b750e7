import type { RequestOptions } from "node:https";
import { createSecureContext, type SecureContext } from "node:tls";
import { UserError } from "../errors/index.ts";

/** Where the cluster's access comes from. */
export type KubeconfigSource =
  | { readonly kind: "text"; readonly text: string }
  /** As kubectl finds it: `path`, else $KUBECONFIG, else ~/.kube/config, else the service account of the pod we run in. */
  | { readonly kind: "default"; readonly path?: string };

/** How to reach and how to satisfy an API server. */
export interface Access {
  readonly server: URL;
  readonly context: string;
  /** The context's namespace. */
  readonly namespace: string;
  /** TLS settings and headers, credentials among them; cached, and asked for again after `renew`. */
  readonly options: () => Promise<AccessOptions>;
  /** Forgets cached credentials: the server answered 401. */
  readonly renew: () => void;
}

/** `secureContext`: certificates and keys, read once for all connections. */
export interface AccessOptions extends RequestOptions {
  readonly secureContext?: SecureContext;
}

const CREDENTIALS_MS = 30_000;

/** Begins to load what `readAccess` will need, for callers with something else to wait for. */
export function preloadAccess(): void {
  void import("@kubernetes/client-node/dist/config.js");
}

/** Reads a kubeconfig with every way to authenticate that kubectl knows. Throws a UserError. */
export async function readAccess(source: KubeconfigSource, context?: string): Promise<Access> {
  // Loaded late: it costs a tenth of a second, and offline commands never need it.
  const { KubeConfig } = await import("@kubernetes/client-node/dist/config.js");
  const config = new KubeConfig();
  try {
    if (source.kind === "text") config.loadFromString(source.text);
    else if (source.path !== undefined) config.loadFromFile(source.path);
    else config.loadFromDefault();
    if (context !== undefined) config.setCurrentContext(context);
  } catch (cause) {
    throw new UserError("KUBECONFIG_UNREADABLE", `Cannot read the kubeconfig: ${messageOf(cause)}`, {
      hint: "Name a readable one with --kubeconfig, or try without a cluster: --lab",
      cause,
    });
  }
  const name = config.getCurrentContext();
  const cluster = config.getCurrentCluster();
  if (cluster !== null && isMadeUp(name, cluster.server)) {
    throw new UserError(
      "NO_CLUSTER",
      "Cannot tell which cluster to use: there is no kubeconfig, and this is no pod with a service account",
      {
        hint: "Name a kubeconfig with --kubeconfig or $KUBECONFIG (a pod needs its service account's token mounted), or try without a cluster: --lab",
      },
    );
  }
  if (cluster === null || !cluster.server) {
    throw new UserError(
      "NO_CONTEXT",
      `Cannot tell which cluster to use: the kubeconfig has no context "${name ?? ""}"`,
      {
        hint: "Choose one with --context (`kubectl config get-contexts` lists them), or try without a cluster: --lab",
      },
    );
  }
  let cached: { readonly at: number; readonly options: Promise<AccessOptions> } | undefined;
  const fresh = async (): Promise<AccessOptions> => {
    // Of its agent nothing is wanted: it opens a new TLS connection for each request.
    const { agent: _, ...options }: RequestOptions = await applied(config);
    const { ca, cert, key, pfx, passphrase } = options;
    return { ...options, secureContext: createSecureContext({ ca, cert, key, pfx, passphrase }) };
  };
  return {
    server: new URL(cluster.server),
    context: name,
    namespace: config.getContextObject(name)?.namespace ?? "default",
    options: () => {
      if (cached === undefined || Date.now() - cached.at > CREDENTIALS_MS)
        cached = { at: Date.now(), options: fresh() };
      return cached.options.catch((cause: unknown) => {
        cached = undefined;
        throw new UserError(
          "CREDENTIALS_UNAVAILABLE",
          `Cannot get credentials for context "${name}": ${messageOf(cause)}`,
          {
            hint: "Check that `kubectl get --raw /version` works with this context",
            cause,
          },
        );
      });
    },
    renew: () => {
      cached = undefined;
    },
  };
}

/** What the client makes up where it finds neither a kubeconfig nor all of a pod's service account. */
function isMadeUp(context: string, server: string): boolean {
  return (
    (context === "loaded-context" && server === "http://localhost:8080") ||
    (context === "inClusterContext" && server.includes("undefined"))
  );
}

async function applied(config: {
  applyToHTTPSOptions(options: RequestOptions): Promise<void>;
}): Promise<RequestOptions> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  return options;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

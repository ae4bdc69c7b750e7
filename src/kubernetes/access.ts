import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Agent as HttpAgent } from "node:http";
import type { Agent as HttpsAgent, RequestOptions } from "node:https";
import { createSecureContext, type SecureContext } from "node:tls";
import type { User } from "@kubernetes/client-node/dist/config_types.js";
import { UserError } from "../errors/index.ts";
import { keptConnections } from "./connections.ts";
import { type ChosenContext, chooseContext, type KubeconfigSource } from "./kubeconfig.ts";
import { chooseProxy, type Environment, type ProxyServer } from "./proxy.ts";

/** How to reach and how to satisfy an API server. */
export interface Access {
  readonly server: URL;
  /** Connections that are kept open; an exec session may take one of them over, and saves its handshake. */
  readonly agent: HttpAgent | HttpsAgent;
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

export interface AccessWish {
  /** The kubeconfig's current one if absent. */
  readonly context?: string;
  /** Where a proxy may be named. */
  readonly env: Environment;
}

const CREDENTIALS_MS = 30_000;
/** Credentials that were got only just now are refused for another reason than their age. */
const RENEWABLE_MS = 1_000;

/** Begins to load what `readAccess` will need, for callers with something else to wait for. */
export function preloadAccess(): void {
  void import("@kubernetes/client-node/dist/config.js");
}

/** Reads a kubeconfig with every way to authenticate that kubectl knows. Throws a UserError. */
export async function readAccess(source: KubeconfigSource, { context, env }: AccessWish): Promise<Access> {
  const chosen = await chooseContext(source, context);
  const { server, name, namespace, cluster } = chosen;
  const proxy = await readProxy(chosen, env);
  // The library would make an agent for each request, through the proxy, and refuses http: without this; of that agent
  // nothing is wanted.
  Object.assign(cluster, { proxyUrl: undefined }, server.protocol === "http:" ? { skipTLSVerify: true } : {});
  let cached: { readonly at: number; readonly options: Promise<AccessOptions> } | undefined;
  return {
    server,
    agent: await keptConnections(server, proxy),
    context: name,
    namespace,
    options: () => {
      if (cached === undefined || Date.now() - cached.at > CREDENTIALS_MS)
        cached = { at: Date.now(), options: readOptions(chosen) };
      return cached.options.catch((cause: unknown) => {
        cached = undefined;
        throw unavailable(chosen, cause);
      });
    },
    renew: () => {
      if (cached !== undefined && Date.now() - cached.at > RENEWABLE_MS) cached = undefined;
    },
  };
}

async function readOptions({ config }: ChosenContext): Promise<AccessOptions> {
  const applied: RequestOptions = {};
  await config.applyToHTTPSOptions(applied);
  const { agent: _, ...options } = applied;
  const { ca, cert, key, pfx, passphrase } = options;
  if (cert && !("Authorization" in (options.headers ?? {}))) refuseExpired(String(cert));
  return { ...options, secureContext: createSecureContext({ ca, cert, key, pfx, passphrase }) };
}

/** Servers answer it with a bare 401, or break the connection off. */
function refuseExpired(certificate: string): void {
  const end = new Date(new X509Certificate(certificate).validTo);
  if (end.getTime() < Date.now()) throw new CertificateExpired(end);
}

class CertificateExpired extends Error {
  constructor(end: Date) {
    super(`the client certificate expired at ${end.toISOString().replace(".000", "")}`);
  }
}

function unavailable({ name, user }: ChosenContext, cause: unknown): UserError {
  const { state, hint } = stateOf(user, cause);
  return new UserError("CREDENTIALS_UNAVAILABLE", `Cannot get credentials for context "${name}": ${state}`, {
    hint,
    cause,
  });
}

function stateOf(user: User | undefined, cause: unknown): { state: string; hint: string } {
  const plugin: { command?: string; installHint?: string } = user?.exec ?? {};
  const { code, syscall = "", path = "" } = cause as NodeJS.ErrnoException;
  if (cause instanceof CertificateExpired)
    return { state: cause.message, hint: "Get a new kubeconfig, or check this machine's clock" };
  if (code === "ENOENT" && syscall.startsWith("spawn")) {
    const install = "Install it so that it is on the PATH, or choose another --context";
    return {
      state: `its credential plugin "${plugin.command}" is not installed`,
      hint: plugin.installHint === undefined ? install : (plugin.installHint.trim().split("\n")[0] ?? install),
    };
  }
  if (code === "ENOENT") return { state: `there is no file "${path}"`, hint: "Mend the kubeconfig, which names it" };
  // What a plugin writes last is why it failed.
  const said = cause instanceof Error ? (cause.message.trim().split("\n").at(-1) ?? "") : String(cause);
  return {
    state: plugin.command === undefined ? said : `its credential plugin "${plugin.command}" failed: ${said}`,
    hint: "Check that `kubectl get --raw /version` works with this context",
  };
}

async function readProxy(chosen: ChosenContext, env: Environment): Promise<ProxyServer | undefined> {
  const proxy = chooseProxy(chosen.server, chosen.cluster.proxyUrl, env);
  if (proxy?.url.protocol !== "https:") return proxy;
  try {
    return { ...proxy, ...(await readCa(chosen)) };
  } catch (cause) {
    throw unavailable(chosen, cause);
  }
}

/** As kubectl, which trusts an https proxy by the cluster's authority. */
async function readCa({ cluster: { caFile, caData } }: ChosenContext): Promise<{ ca?: string }> {
  if (caFile) return { ca: await readFile(caFile, "utf8") };
  return caData ? { ca: Buffer.from(caData, "base64").toString() } : {};
}

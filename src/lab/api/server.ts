import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:https";
import type { Family } from "../contracts.ts";
import type { LabStore } from "../store.ts";
import { makeCertificates } from "./certificates.ts";
import { collectGarbage } from "./controllers/garbage.ts";
import { tendNamespaces } from "./controllers/namespaces.ts";
import { answer, upgrade } from "./dispatch.ts";
import { createGuard } from "./guard.ts";
import { renderKubeconfig } from "./kubeconfig.ts";
import { AppliedConfigurations } from "./patches/apply.ts";
import { createExecSessions } from "./pods/exec.ts";
import type { ApiContext, OpenLog, StartProcess } from "./request.ts";
import { Snapshots } from "./verbs/snapshots.ts";
import { Watches } from "./verbs/watches.ts";

export interface ApiServerOptions {
  readonly store: LabStore;
  /** Starts a command in a running container; its name is undefined where the pod has only one. */
  readonly exec: StartProcess;
  readonly logs?: OpenLog;
  /** That Services can have; the first is that of a Service that names none. IPv4 alone if absent. */
  readonly families?: readonly Family[];
  /** A random one unless given. */
  readonly token?: string;
}

export interface ApiServer extends AsyncDisposable {
  readonly url: string;
  /** Holds the token. */
  readonly kubeconfig: string;
  readonly token: string;
  /** Ends all watches and sessions at once. */
  close(): Promise<void>;
}

const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
/** How long a socket may be silent while an answer is being sent. Watches and sessions are exempt. */
const IDLE_MS = 60_000;
const KEEP_ALIVE_MS = 65_000;
const MOST_CONNECTIONS = 4096;
/** Node looks for clients that are too slow only so often. */
const LOOK_EVERY_MS = 2000;
const TLS = {
  minVersion: "TLSv1.2",
  ALPNProtocols: ["http/1.1"],
  handshakeTimeout: HEADERS_MS,
  connectionsCheckingInterval: LOOK_EVERY_MS,
} as const;
const FIRST_NAMESPACES = ["default", "kube-system"];

/** Serves the store as a Kubernetes API on loopback until closed, or until `signal` aborts. */
export async function startApiServer(options: ApiServerOptions, signal: AbortSignal): Promise<ApiServer> {
  signal.throwIfAborted();
  const { store, exec, logs, families = ["IPv4"], token = randomBytes(32).toString("base64url") } = options;
  const [tls, sessions] = await Promise.all([makeCertificates(new Date()), createExecSessions()]);
  const server = createServer({ key: tls.key, cert: tls.certificate, ...TLS });
  limit(server);
  const port = await listen(server, signal);
  const shared = { snapshots: new Snapshots(), applied: new AppliedConfigurations(), watches: new Watches() };
  const context: ApiContext = { store, families, exec, logs, ...shared };
  const guard = createGuard(token, port);
  server.on("request", (request, response) => void answer(context, guard, request, response));
  server.on("upgrade", (request, socket, head) => {
    upgrade(context, guard, sessions, { http: request, socket, head });
  });
  const stops = [
    tendNamespaces(store),
    collectGarbage(store),
    store.onAnyChange(({ type, object }) => type === "DELETED" && shared.applied.forget(object.metadata.uid)),
  ];
  for (const name of FIRST_NAMESPACES) makeNamespace(store, name);

  const close = async (): Promise<void> => {
    signal.removeEventListener("abort", close);
    for (const stop of stops.splice(0)) stop();
    sessions.closeAll();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  };
  signal.addEventListener("abort", close, { once: true });
  const url = `https://127.0.0.1:${port}`;
  return { url, token, kubeconfig: renderKubeconfig({ url, ca: tls.ca, token }), close, [Symbol.asyncDispose]: close };
}

function limit(server: Server): void {
  server.headersTimeout = HEADERS_MS;
  server.requestTimeout = REQUEST_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.maxConnections = MOST_CONNECTIONS;
  server.setTimeout(IDLE_MS);
}

function listen(server: Server, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      server.off("error", reject);
      const address = server.address();
      if (signal.aborted || address === null || typeof address === "string") {
        server.close();
        return reject(signal.reason ?? new Error("the server has no port"));
      }
      resolve(address.port);
    });
  });
}

function makeNamespace(store: LabStore, name: string): void {
  const metadata = { name, labels: { "kubernetes.io/metadata.name": name } };
  const body = { spec: { finalizers: ["kubernetes"] }, status: { phase: "Active" } };
  store.create({ apiVersion: "v1", kind: "Namespace", metadata, ...body });
}

import { randomBytes } from "node:crypto";
import { setMaxListeners } from "node:events";
import { join } from "node:path";
import packageJson from "../../../package.json" with { type: "json" };
import { imageName, PROBE } from "../../../src/image/index.ts";
import { ApiClient, type Json, readAccess } from "../../../src/kubernetes/index.ts";

/** The image of the pods: as the program's default, or as the environment says. */
export const IMAGE = process.env.NETPROOF_PROBE_IMAGE ?? imageName(PROBE, packageJson.version);

/** Whether the cluster was made for these tests: what belongs to everybody on it may be changed. */
export const isOurs = process.env.NETPROOF_CLUSTER_DIR !== undefined;

const POLL_MS = 200;

export interface TestCluster extends AsyncDisposable {
  readonly client: ApiClient;
  /** Makes a namespace that goes at the end. */
  readonly namespace: (labels?: Readonly<Record<string, string>>) => Promise<string>;
  /** Makes an object that goes at the end. */
  readonly make: (collection: string, object: Json) => Promise<Json>;
  readonly post: (path: string, body: Json) => Promise<Json>;
  readonly patch: (path: string, body: Json) => Promise<Json>;
  readonly get: (path: string) => Promise<Json>;
  readonly remove: (path: string) => Promise<void>;
}

/** The cluster that the kubeconfig names. */
export async function connect(): Promise<TestCluster> {
  const client = new ApiClient(await readAccess({ kind: "default" }, { env: process.env }));
  const made: string[] = [];
  const signal = new AbortController().signal;
  setMaxListeners(0, signal);
  const call = (method: "GET" | "POST" | "PATCH" | "DELETE", path: string, body?: Json): Promise<Json> =>
    client.call({ method, path, ...(body === undefined ? {} : { body }), what: `${method} ${path}` }, signal);
  const make = async (collection: string, object: Json): Promise<Json> => {
    const stored = await call("POST", collection, object);
    made.push(`${collection}/${(stored.metadata as { name: string }).name}`);
    return stored;
  };
  return {
    client,
    make,
    post: (path, body) => call("POST", path, body),
    patch: (path, body) => call("PATCH", path, body),
    get: (path) => call("GET", path),
    remove: async (path) => {
      await call("DELETE", path);
    },
    namespace: async (labels = {}) => {
      const name = `netproof-test-${randomBytes(3).toString("hex")}`;
      await make("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
      await until(`the service account of ${name}`, () =>
        call("GET", `/api/v1/namespaces/${name}/serviceaccounts/default`),
      );
      return name;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.allSettled(made.reverse().map((path) => call("DELETE", path)));
      client.close();
    },
  };
}

/** Asks again until the answer is there: neither an error nor undefined. */
export async function until<T>(what: string, ask: () => Promise<T | undefined>, withinMs = 60_000): Promise<T> {
  const end = Date.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`never came: ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** What of any run is in the cluster: namespaces, pods, policies and owners, as `kind namespace/name`. */
export async function remains({ get }: TestCluster, runId?: string): Promise<readonly string[]> {
  const collections = [
    "/api/v1/namespaces",
    "/api/v1/pods",
    "/apis/networking.k8s.io/v1/networkpolicies",
    "/apis/batch/v1/jobs",
  ];
  const found = await Promise.all(
    collections.map(async (path) => {
      const { items } = (await get(path)) as { items: { metadata: Metadata }[] };
      return items
        .filter(({ metadata: { annotations = {} } }) => {
          const run = annotations["netproof.dev/run"];
          return runId === undefined ? run !== undefined : run === runId;
        })
        .map(({ metadata: { namespace = "", name } }) => `${path.split("/").at(-1)} ${join(namespace, name)}`);
    }),
  );
  return found.flat();
}

interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

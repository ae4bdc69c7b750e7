import { spawn } from "node:child_process";
import { Agent, request } from "node:https";
import type { KubeObject, LabProcess } from "../contracts.ts";
import { createStore, type LabStore, type StoreOptions } from "../store.ts";
import { at } from "./fields.ts";
import { type ApiServer, type ApiServerOptions, startApiServer } from "./index.ts";

// A server and a client for the tests of this folder. Commands run as plain child processes.

export interface Answer {
  readonly code: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
  /** The JSON of the body, where it is JSON. */
  readonly body: unknown;
}

export interface Sent {
  readonly body?: unknown;
  readonly contentType?: string;
  /** Over those that the client sends by itself. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TestServer extends AsyncDisposable {
  readonly server: ApiServer;
  readonly store: LabStore;
  readonly ca: string;
  send(method: string, path: string, sent?: Sent): Promise<Answer>;
  /** The events of a watch, until it ends or `count` have come. */
  watch(path: string, count?: number): Promise<readonly WatchEvent[]>;
}

export interface WatchEvent {
  readonly type: string;
  readonly object: { readonly metadata: { readonly name?: string; readonly resourceVersion: string } } & object;
}

export async function startTestServer(
  storeOptions: StoreOptions = {},
  options: Partial<ApiServerOptions> = {},
): Promise<TestServer> {
  const store = createStore(storeOptions);
  const server = await startApiServer({ exec: runLocally, store, ...options }, new AbortController().signal);
  const ca = readCa(server.kubeconfig);
  const agent = new Agent({ keepAlive: true, ca, servername: "localhost" });
  const send = (method: string, path: string, sent: Sent = {}): Promise<Answer> =>
    sendOne(server, agent, method, path, sent);
  return {
    server,
    store,
    ca,
    send,
    watch: (path, count) => readWatch(server, ca, path, count),
    async [Symbol.asyncDispose]() {
      agent.destroy();
      await server.close();
    },
  };
}

export function readCa(kubeconfig: string): string {
  const [cluster] = (at(JSON.parse(kubeconfig), "clusters") ?? []) as unknown[];
  return Buffer.from(String(at(cluster, "cluster.certificate-authority-data")), "base64").toString();
}

function sendOne(server: ApiServer, agent: Agent, method: string, path: string, sent: Sent): Promise<Answer> {
  const text =
    sent.body === undefined ? undefined : typeof sent.body === "string" ? sent.body : JSON.stringify(sent.body);
  const headers = {
    authorization: `Bearer ${server.token}`,
    ...(text !== undefined && {
      "content-type": sent.contentType ?? "application/json",
      "content-length": String(Buffer.byteLength(text)),
    }),
    ...sent.headers,
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(`${server.url}${path}`, { method, headers, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const answer = Buffer.concat(chunks).toString();
        const body = answer.startsWith("{") && !answer.trim().includes("\n") ? JSON.parse(answer) : undefined;
        resolve({ code: response.statusCode ?? 0, headers: response.headers, text: answer, body });
      });
    });
    outgoing.on("error", reject);
    outgoing.end(text);
  });
}

function readWatch(
  server: ApiServer,
  ca: string,
  path: string,
  count = Number.POSITIVE_INFINITY,
): Promise<readonly WatchEvent[]> {
  return new Promise((resolve, reject) => {
    const events: WatchEvent[] = [];
    const headers = { authorization: `Bearer ${server.token}` };
    const outgoing = request(`${server.url}${path}`, { ca, headers }, (response) => {
      let rest = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop() ?? "";
        events.push(...lines.map((line): WatchEvent => JSON.parse(line)));
        if (events.length >= count) outgoing.destroy();
      });
      response.on("close", () => resolve(events));
    });
    outgoing.on("error", (error) => (events.length >= count ? resolve(events) : reject(error)));
    outgoing.end();
  });
}

/** Starts the command on this machine, in no pod at all. */
export function runLocally(_pod: KubeObject, _container: string | undefined, argv: string[]): LabProcess {
  const [program = "", ...rest] = argv;
  const child = spawn(program, rest);
  const exited = new Promise<{ code: number | null; error?: string }>((resolve) => {
    child.once("error", () => {
      resolve({ code: null, error: `exec: ${JSON.stringify(program)}: executable file not found in $PATH` });
    });
    child.once("exit", (code) => resolve({ code }));
  });
  return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, exited, kill: () => child.kill("SIGKILL") };
}

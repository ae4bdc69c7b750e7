import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { makeCertificates } from "../../src/lab/api/certificates.ts";
import { Random } from "../sets/random.ts";

export interface FlakyProxy extends AsyncDisposable {
  /** Leads to the cluster through the proxy. */
  readonly kubeconfig: string;
  /** How many calls and session starts it saw, and how many of them it spoilt, by what it did. */
  readonly counts: Readonly<Record<Fate, number>>;
}

const FATES = ["passed", "429", "429 with Retry-After", "500", "503", "reset", "answer lost"] as const;
type Fate = (typeof FATES)[number];
/** The answer lost: done by the server, and never heard of. */
const FAULTS = FATES.filter((fate) => fate !== "passed");

/**
 * A reverse proxy on loopback, with TLS, in front of the API server of a kubeconfig (JSON, with a token). It spoils the
 * given share of calls and of upgrades to WebSocket, as the seed says.
 */
export async function startFlakyProxy(
  kubeconfig: string,
  { seed, share = 0.05 }: { seed: number; share?: number },
): Promise<FlakyProxy> {
  const config = JSON.parse(kubeconfig);
  const cluster = config.clusters[0].cluster as Record<string, string>;
  const upstream = new URL(cluster.server ?? "");
  const ca = Buffer.from(cluster["certificate-authority-data"] ?? "", "base64").toString();
  const agent = new HttpsAgent({ ca, keepAlive: true });
  const own = await makeCertificates(new Date());
  const random = new Random(seed);
  const counts = Object.fromEntries(FATES.map((fate) => [fate, 0])) as Record<Fate, number>;
  const draw = (): Fate => {
    const fate = random.chance(share) ? random.pick(FAULTS) : "passed";
    counts[fate] += 1;
    return fate;
  };
  const onward = ({ method, url = "/", headers }: IncomingMessage): RequestOptions => ({
    agent,
    method,
    host: upstream.hostname,
    port: upstream.port,
    path: url,
    headers: { ...headers, host: upstream.host },
  });

  const server = createServer({ key: own.key, cert: own.certificate });
  server.on("request", (request, response) => {
    const fate = draw();
    if (fate === "passed" || fate === "answer lost") forward(request, response, onward(request), fate);
    else if (fate === "reset") request.socket.destroy();
    else refuse(request, response, fate);
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
    const fate = draw();
    socket.on("error", () => {});
    if (fate === "passed") return forwardUpgrade(socket, onward(request));
    if (fate === "reset" || fate === "answer lost") return socket.destroy();
    const { code, headers } = refusalOf(fate);
    socket.end(
      `HTTP/1.1 ${code} \r\n${Object.entries(headers)
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join("")}connection: close\r\ncontent-length: 0\r\n\r\n`,
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cluster.server = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  cluster["certificate-authority-data"] = Buffer.from(own.ca).toString("base64");
  return {
    kubeconfig: JSON.stringify(config),
    counts,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
}

function forward(request: IncomingMessage, response: ServerResponse, options: RequestOptions, fate: Fate): void {
  const onward = httpsRequest(options, (answer) => {
    if (fate === "answer lost") {
      answer.resume();
      request.socket.destroy();
      return;
    }
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    response.flushHeaders();
    answer.pipe(response);
  });
  onward.on("error", () => request.socket.destroy());
  response.on("close", () => onward.destroy());
  request.pipe(onward);
}

function forwardUpgrade(socket: Duplex, options: RequestOptions): void {
  const onward = httpsRequest({
    ...options,
    agent: undefined,
    ca: options.agent instanceof HttpsAgent ? options.agent.options.ca : undefined,
  });
  onward.on("upgrade", ({ headers }, far, head) => {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("")}\r\n`);
    socket.write(head);
    far.pipe(socket).pipe(far);
    far.on("error", () => socket.destroy());
    far.on("close", () => socket.destroy());
    socket.on("close", () => far.destroy());
  });
  onward.on("response", () => socket.destroy());
  onward.on("error", () => socket.destroy());
  onward.end();
}

function refuse(request: IncomingMessage, response: ServerResponse, fate: Fate): void {
  const { code, headers } = refusalOf(fate);
  request.resume();
  response.writeHead(code, headers).end(`the proxy says ${code}`);
}

function refusalOf(fate: Fate): { code: number; headers: Readonly<Record<string, string>> } {
  return { code: Number.parseInt(fate, 10), headers: fate.endsWith("Retry-After") ? { "retry-after": "1" } : {} };
}

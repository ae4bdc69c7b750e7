import { StringDecoder } from "node:string_decoder";
import WebSocket from "ws";
import type { AgentChannel } from "../observation/index.ts";
import type { Access, AccessOptions } from "./access.ts";
import { ApiError, ApiUnreachable } from "./api-error.ts";
import { readStatus } from "./api-status.ts";
import { type ApiClient, answerOf, requestUrl } from "./client.ts";
import { withRetries } from "./retry.ts";

export interface ExecTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
}

/** The first byte of each frame: which stream it belongs to (kubectl's remote command protocol, versions 4 and 5). */
const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const STATUS = 3;
const PROTOCOLS = ["v5.channel.k8s.io", "v4.channel.k8s.io"];
const PING_MS = 5_000;
const OPEN_MS = 15_000;
/** Bytes waiting to be sent above which a writer waits. */
const HIGH_WATER = 1 << 20;
const MAX_LINE = 4 << 20;

/**
 * Opens an exec in a pod as a stream of lines. May start the command more than once where an answer is lost. Throws
 * ApiError where the server refuses it, ApiUnreachable, or what `signal` was aborted with.
 */
export function openExecChannel(client: ApiClient, target: ExecTarget, signal: AbortSignal): Promise<AgentChannel> {
  return withRetries(() => openOnce(client, target, signal), signal);
}

async function openOnce({ access }: ApiClient, target: ExecTarget, signal: AbortSignal): Promise<AgentChannel> {
  signal.throwIfAborted();
  const options = await access.options();
  const url = execUrl(access.server, target);
  const socket = new WebSocket(url, PROTOCOLS, {
    ...connectionOf(options),
    agent: access.agent,
    perMessageDeflate: false,
    handshakeTimeout: OPEN_MS,
    maxPayload: 16 << 20,
  });
  // Before it opens: the first frame can come together with the answer to the upgrade.
  const channel = new ExecChannel(socket);
  await opened(socket, { access, target }, signal);
  return channel;
}

/** The part of the options that concerns the connection and who we are. */
function connectionOf({
  rejectUnauthorized,
  servername,
  headers,
  auth,
  secureContext,
}: AccessOptions): WebSocket.ClientOptions {
  const given = { rejectUnauthorized, servername, headers, auth, secureContext };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== null));
}

function execUrl(server: URL, { namespace, pod, container, command }: ExecTarget): URL {
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/exec`;
  const url = requestUrl(server, { path, query: { container, stdin: true, stdout: true, stderr: true } });
  for (const word of command) url.searchParams.append("command", word);
  url.protocol = url.protocol === "http:" ? "ws:" : "wss:";
  return url;
}

function opened(
  socket: WebSocket,
  { access, target: { namespace, pod } }: { access: Access; target: ExecTarget },
  signal: AbortSignal,
): Promise<void> {
  const what = `open a session in pod "${pod}" of namespace "${namespace}"`;
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      socket.terminate();
      reject(signal.reason);
    };
    const settle = (outcome: () => void): void => {
      signal.removeEventListener("abort", abort);
      outcome();
    };
    const fail = (cause: unknown): void => settle(() => reject(new ApiUnreachable(what, access.server, cause)));
    signal.addEventListener("abort", abort, { once: true });
    socket.once("open", () => settle(resolve));
    socket.once("error", fail);
    socket.once("unexpected-response", (_, response) => {
      answerOf(response)
        .then(({ code, text, retryAfter }) => {
          if (code === 401) access.renew();
          settle(() => reject(new ApiError(what, readStatus(code, text, retryAfter))));
        }, fail)
        .finally(() => socket.terminate());
    });
  });
}

/** One exec session: stdout as lines, stdin as text; what stderr said and the status tell why it ended. */
class ExecChannel implements AgentChannel {
  readonly lines: AsyncIterable<string>;
  readonly #socket: WebSocket;
  readonly #queue = new LineQueue();
  readonly #decoder = new StringDecoder("utf8");
  #rest = "";
  #stderr = "";
  #status: string | undefined;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    this.lines = this.#queue;
    let isAlive = true;
    const ping = setInterval(() => {
      if (socket.readyState !== WebSocket.OPEN) return;
      if (isAlive) socket.ping();
      else socket.terminate();
      isAlive = false;
    }, PING_MS);
    socket.on("pong", () => {
      isAlive = true;
    });
    socket.on("message", (data: Buffer) => {
      isAlive = true;
      this.#take(data);
    });
    socket.on("error", (error) => this.#queue.fail(new Error(`its session broke: ${error.message}`)));
    socket.on("close", (code) => {
      clearInterval(ping);
      this.#end(code);
    });
  }

  async send(text: string): Promise<void> {
    const payload = Buffer.from(text, "utf8");
    const frame = Buffer.concat([Buffer.from([STDIN]), payload]);
    await new Promise<void>((resolve, reject) => {
      const done = (error?: Error | null): void => (error ? reject(error) : resolve());
      // The callback comes when the frame has left; waiting for it always would cost a turn for each line.
      const isFull = this.#socket.bufferedAmount > HIGH_WATER;
      this.#socket.send(frame, isFull ? done : (error) => error && this.#queue.fail(error));
      if (!isFull) resolve();
    });
  }

  close(): void {
    this.#socket.terminate();
  }

  #take(data: Buffer): void {
    const payload = data.subarray(1);
    switch (data[0]) {
      case STDOUT:
        this.#takeText(this.#decoder.write(payload));
        return;
      case STDERR:
        this.#stderr = (this.#stderr + payload.toString("utf8")).slice(-2000);
        return;
      case STATUS:
        this.#status = payload.toString("utf8");
        return;
    }
  }

  #takeText(text: string): void {
    const parts = text.split("\n");
    parts[0] = this.#rest + parts[0];
    this.#rest = parts.pop() ?? "";
    if (this.#rest.length > MAX_LINE) this.#queue.fail(new Error("it wrote a line without end"));
    for (const part of parts) this.#queue.push(part);
  }

  #end(code: number): void {
    const said = this.#stderr.trim().split("\n").at(-1) ?? "";
    const status = this.#status === undefined ? undefined : readStatus(0, this.#status).message;
    if (this.#status?.includes('"Success"')) {
      this.#queue.end();
      return;
    }
    const reason = status ?? `without a status (WebSocket ${code})`;
    this.#queue.fail(new Error(`its session ended: ${reason}${said === "" ? "" : `; it said: ${said}`}`));
  }
}

/** Lines that wait for their reader. */
class LineQueue implements AsyncIterable<string> {
  readonly #lines: string[] = [];
  #ended: { readonly error?: Error } | undefined;
  #wake: () => void = () => {};

  push(line: string): void {
    this.#lines.push(line);
    this.#wake();
  }

  end(): void {
    this.#ended ??= {};
    this.#wake();
  }

  fail(error: Error): void {
    this.#ended ??= { error };
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    while (true) {
      const batch = this.#lines.splice(0);
      yield* batch;
      if (batch.length > 0) continue;
      if (this.#ended?.error) throw this.#ended.error;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

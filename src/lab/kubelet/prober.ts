import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import type { LabNetwork, LabProcess } from "../contracts.ts";
import { fieldsOf } from "./pod-spec.ts";

export interface Target {
  readonly address: string;
  readonly port: number;
  readonly timeoutMs: number;
}

/** Connects from a node's own network, as the kubelet of that node does. */
export interface Prober {
  /** Whether the connection was accepted; undefined if it could not be tried. Never rejects. */
  probe(target: Target): Promise<boolean | undefined>;
  stop(): void;
}

const HEARTBEAT_MS = 10_000;
/** The session ends with the lab; this is the longest that the agent accepts without doubt. */
const FOREVER_MS = 365 * 24 * 3600 * 1000;
const AGAIN_MS = 200;

/**
 * One agent session per node for all its probes. A session joins the serving process of its network namespace, so the
 * node has one too, which listens on nothing.
 */
export function startProber(network: Pick<LabNetwork, "runOnNode">, node: string): Prober {
  const pending = new Map<number, (isOpen: boolean | undefined) => void>();
  let count = 0;
  let current: { readonly session: LabProcess; stop(): void } | undefined;
  let isStopped = false;

  function open(): void {
    if (isStopped) return;
    const serve = network.runOnNode(node, ["/netproof-probe", "serve", "--deadline", `${FOREVER_MS}ms`]);
    const session = network.runOnNode(node, ["/netproof-probe", "session"]);
    for (const output of [serve.stdout, serve.stderr, session.stderr]) output.resume();
    const key = randomBytes(32).toString("hex");
    send(session, { type: "open", protocol: 1, key, deadlineMs: FOREVER_MS, heartbeatMs: HEARTBEAT_MS });
    const alive = setInterval(() => send(session, { type: "ping", id: 0 }), HEARTBEAT_MS);
    alive.unref();
    createInterface({ input: session.stdout }).on("line", (line) => hear(session, line));
    current = {
      session,
      stop() {
        clearInterval(alive);
        serve.kill();
        session.kill();
      },
    };
    session.exited.then(() => {
      current?.stop();
      current = undefined;
      for (const settle of pending.values()) settle(undefined);
      pending.clear();
      setTimeout(open, AGAIN_MS).unref();
    });
  }

  function hear(session: LabProcess, line: string): void {
    const { type, id, outcome } = readLine(line);
    if (type !== "result") return;
    // What timed out would linger, for an answer that nobody here waits for.
    if (outcome === "timed-out") send(session, { type: "end-phase", id: 0 });
    pending.get(Number(id))?.(outcome === "failed" ? undefined : outcome === "handshake");
    pending.delete(Number(id));
  }

  open();
  return {
    probe({ address, port, timeoutMs }) {
      count += 1;
      const id = count;
      const nonce = randomBytes(16).toString("hex");
      const probe = { id, protocol: "TCP", address, port, sourcePort: 0, nonce, handshake: true };
      return new Promise((resolve) => {
        if (current === undefined) return resolve(undefined);
        pending.set(id, resolve);
        send(current.session, { type: "batch", batch: id, timeoutMs, probes: [probe] });
      });
    },
    stop() {
      isStopped = true;
      current?.stop();
    },
  };
}

function send({ stdin }: LabProcess, command: object): void {
  if (stdin.writable) stdin.write(`${JSON.stringify(command)}\n`);
}

function readLine(line: string) {
  try {
    return fieldsOf(JSON.parse(line));
  } catch {
    return {};
  }
}

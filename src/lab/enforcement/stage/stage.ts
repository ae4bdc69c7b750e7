import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { execPath } from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { LabNetwork, LabProcess } from "../../contracts.ts";
import { openNetwork } from "../../network/index.ts";
import { OUTSIDE_ADDRESSES, STAGE_PODS } from "./cluster.ts";
import { type Connection, OUTSIDE, parseConnection, podId } from "./connection.ts";

const STAGE_PORTS = [80, 81, 82, 8080, 8081, 8082, 9000, 9001, 9002, 9003] as const;

export interface Stage extends AsyncDisposable {
  readonly network: LabNetwork;
  /** Puts one script on each node. */
  program(render: (node: string) => string): Promise<void>;
  /**
   * Tries them all at once. Waits for those that are expected to connect, and a little for the others: what the rules
   * let pass, they let pass at the same time. Gives for each `connected`, a socket's error code, or `silent`.
   */
  observe(connections: { readonly open: readonly string[]; readonly shut: readonly string[] }): Promise<Outcomes>;
}

type Client = (connection: Connection) => Promise<string>;

type Outcomes = Readonly<Record<string, string>>;

/** Open whatever the policies are: it shows that packets have had the time to arrive. */
const FENCE = ["outside > fence/post 80", "node1 > fence/post 80/UDP"];
const OPEN_WITHIN_MS = 3000;
const GRACE_MS = 20;
/** Below the ports that kernels choose by themselves, and none twice: conntrack remembers. */
let sourcePort = 10_000;

export async function openStage(signal: AbortSignal): Promise<Stage> {
  // Pods find Node's binary in the agent's place, wherever on this machine it lies.
  const network = await openNetwork({ nodes: 2, agentPath: execPath }, signal);
  try {
    const clients = await startClients(network);
    const attempt = (connection: Connection) => {
      const client = clients.get(connection.from);
      if (client === undefined) throw new Error(`"${connection.from}" is nothing of the stage`);
      return client(connection);
    };
    return {
      network,
      async program(render) {
        await Promise.all(network.nodes.map((node) => network.applyRules(node, render(node))));
      },
      observe: ({ open, shut }) => observe([...FENCE, ...open], shut, attempt),
      [Symbol.asyncDispose]: () => network[Symbol.asyncDispose](),
    };
  } catch (error) {
    await network[Symbol.asyncDispose]();
    throw error;
  }
}

/** Wires the pods and the outside host, and starts a process in each and on each node. */
async function startClients(network: LabNetwork): Promise<ReadonlyMap<string, Client>> {
  await Promise.all([
    network.addPods(STAGE_PODS.map(({ node, addresses, ...pod }) => ({ id: podId(pod), node, addresses }))),
    network.addOutside(OUTSIDE, OUTSIDE_ADDRESSES),
  ]);
  const program = await readFile(new URL("./pod-process.mjs", import.meta.url), "utf8");
  const argv = (ports: readonly number[]) => ["/netproof-probe", "--input-type=module", "-e", program, ports.join()];
  const processes = [
    ...[OUTSIDE, ...STAGE_PODS.map(podId)].map((id) => [id, network.run(id, argv(STAGE_PORTS), {})] as const),
    ...network.nodes.map((node) => [node, network.runOnNode(node, argv([]))] as const),
  ];
  return new Map(
    await Promise.all(processes.map(async ([id, process]) => [id, await startClient(id, process)] as const)),
  );
}

async function observe(open: readonly string[], shut: readonly string[], attempt: Client): Promise<Outcomes> {
  const outcomes: Record<string, string> = {};
  const attempts = [...open, ...shut].map(async (text) => {
    outcomes[text] = "silent";
    outcomes[text] = await attempt(parseConnection(text));
  });
  await Promise.race([Promise.all(attempts.slice(0, open.length)), sleep(OPEN_WITHIN_MS)]);
  await Promise.race([Promise.all(attempts), sleep(GRACE_MS)]);
  return Object.fromEntries(Object.entries(outcomes).filter(([text]) => !FENCE.includes(text)));
}

/** The promise of an attempt stays open while nothing comes back. */
async function startClient(id: string, process: LabProcess): Promise<Client> {
  const answered = new Map<number, (outcome: string) => void>();
  const lines = createInterface({ input: process.stdout });
  let complaint = "";
  process.stderr.on("data", (chunk) => {
    complaint += chunk;
  });
  await Promise.race([
    once(lines, "line"),
    process.exited.then(({ code, error }) => {
      throw new Error(`The process of "${id}" ended with ${code}: ${error ?? complaint}`);
    }),
  ]);
  lines.on("line", (line) => {
    const { id, outcome } = JSON.parse(line) as { id: number; outcome: string };
    answered.get(id)?.(outcome);
    answered.delete(id);
  });
  return ({ source, address, port, protocol }) =>
    new Promise((resolve) => {
      sourcePort += 1;
      const request = { id: sourcePort, sourcePort, source, address, port, protocol, giveUpMs: OPEN_WITHIN_MS };
      answered.set(sourcePort, resolve);
      process.stdin.write(`${JSON.stringify(request)}\n`);
    });
}

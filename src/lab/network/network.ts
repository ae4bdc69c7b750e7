import { isIP } from "node:net";
import { UserError } from "../../errors/index.ts";
import type { LabNetwork, LabProcess, PodPlacement } from "../contracts.ts";
import { isClusterAddress, MAX_NODES, nodeName } from "./addressing.ts";
import { type Confinement, type Netns, runTool, startConfined } from "./enter.ts";
import { type Holder, startHolder } from "./holder.ts";
import { labProcess, processThatCannotStart } from "./lab-process.ts";
import { batch, makeNodes, type Place, unwire, wire } from "./places.ts";
import { programPath } from "./program.ts";
import { findTools, requireLinux } from "./tools.ts";

export interface NetworkOptions {
  readonly nodes: number;
  /** The probe agent's binary; pods find it at /netproof-probe. */
  readonly agentPath: string;
  /** More folders in which to look for tools, written as PATH is. */
  readonly path?: string;
  /** Makes root use a user namespace too. */
  readonly userNamespace?: boolean;
}

/** @throws UserError where the machine lacks what the lab needs, or forbids it */
export async function openNetwork(options: NetworkOptions, signal: AbortSignal): Promise<LabNetwork> {
  requireLinux();
  if (options.nodes < 1 || options.nodes > MAX_NODES) throw new RangeError(`nodes must be 1 to ${MAX_NODES}`);
  const holder = await startHolder({ ...options, tools: findTools(options.path) }, signal);
  const numbers = Array.from({ length: options.nodes }, (_, i) => i + 1);
  try {
    await makeNodes(holder, numbers);
    signal.throwIfAborted();
  } catch (error) {
    await holder.close();
    throw error;
  }
  return network(holder, numbers);
}

function network(holder: Holder, numbers: readonly number[]): LabNetwork {
  const nodes = numbers.map(nodeName);
  const places = new Map<string, Place>();
  const processes = new Map<LabProcess, Netns>();
  const lastRules = new Map<string, Promise<unknown>>();
  let made = 0;

  function start(argv: readonly string[], netns: Netns, confinement: Confinement, env = {}): LabProcess {
    if (holder.isGone()) return processThatCannotStart("the lab's network is gone");
    const program = programPath(holder, argv[0] ?? "");
    if (program === undefined) return processThatCannotStart(notFound(argv[0] ?? ""));
    const process = labProcess(startConfined(holder, [program, ...argv.slice(1)], { netns, confinement, env }));
    processes.set(process, netns);
    process.exited.then(() => processes.delete(process));
    return process;
  }

  async function add(wanted: readonly Wanted[]) {
    const added = wanted.map(({ id, router, ...link }): [string, Place] => {
      if (places.has(id)) throw new Error(`"${id}" is already in the lab's network`);
      made += 1;
      return [id, { router, link: { netns: `p${made}`, name: `p${made}`, ...link } }];
    });
    for (const [id, place] of added) places.set(id, place);
    try {
      await wire(
        holder,
        added.map(([, place]) => place),
      );
    } catch (error) {
      await remove(wanted.map(({ id }) => id)).catch(() => {}); // the first error says more
      throw error;
    }
  }

  async function remove(ids: readonly string[]) {
    const netnses = ids.flatMap((id) => places.get(id)?.link.netns ?? []);
    for (const id of ids) places.delete(id);
    // Those on their way in as well, which a look at the processes inside would miss.
    for (const [process, netns] of processes) if (netns !== undefined && netnses.includes(netns)) process.kill();
    if (netnses.length > 0) await unwire(holder, netnses);
  }

  return {
    nodes,
    gone: holder.gone,
    async addPods(pods: readonly PodPlacement[]) {
      await add(
        pods.map(({ id, node, addresses }) => {
          if (!nodes.includes(node)) throw new Error(`"${node}" is no node of the lab`);
          return { id, router: node, addresses };
        }),
      );
    },
    removePods: remove,
    async addOutside(id, addresses) {
      const wrong = addresses.find((address) => isIP(address) === 0 || isClusterAddress(address));
      if (wrong !== undefined) throw outsideAddressTaken(wrong);
      await add([{ id, router: undefined, addresses }]);
    },
    run(podId, argv, env) {
      const place = places.get(podId);
      if (place === undefined) return processThatCannotStart(`"${podId}" is not in the lab's network`);
      return start(argv, place.link.netns, "pod", env);
    },
    runOnNode(node, argv) {
      if (!nodes.includes(node)) return processThatCannotStart(`"${node}" is no node of the lab`);
      return start(argv, node, "node");
    },
    async applyRules(node, script) {
      // One after the other: an older set of rules must not overtake a newer one.
      const applied = (lastRules.get(node) ?? Promise.resolve()).then(() => applyRules(holder, node, script));
      lastRules.set(
        node,
        applied.catch(() => {}),
      );
      await applied;
    },
    async setInterfaceDown(podId) {
      const place = places.get(podId);
      if (place === undefined) throw new Error(`"${podId}" is not in the lab's network`);
      await batch(holder, place.link.netns, ["link set eth0 down"]);
    },
    async [Symbol.asyncDispose]() {
      await holder.close();
      await Promise.all([...processes.keys()].map(({ exited }) => exited));
    },
  };
}

/** In the words of a container runtime. */
function notFound(name: string): string {
  const why = name.includes("/") ? `stat ${name}: no such file or directory` : "executable file not found in $PATH";
  return `exec: "${name}": ${why}`;
}

interface Wanted {
  readonly id: string;
  readonly router: Netns;
  readonly addresses: readonly string[];
}

async function applyRules(holder: Holder, node: string, script: string): Promise<void> {
  try {
    await runTool(holder, node, [holder.tools.nft, "-f", "-"], script);
  } catch (error) {
    // Only root of the machine may raise a netlink socket's buffer above net.core.wmem_default, and a transaction is one message.
    if (!holder.hasUserNamespace || !/Message too long/.test(String(error))) throw error;
    const size = `${Math.ceil(script.length / 1024)} kB of rules for "${node}"`;
    throw new UserError(
      "LAB_RULES_TOO_LARGE",
      `Cannot enforce the policies: ${size} are more than the kernel takes at once`,
      {
        cause: error,
        hint: "Run netproof as root, or try fewer policies and pods at a time",
      },
    );
  }
}

function outsideAddressTaken(address: string): UserError {
  const message = `Cannot place a host outside the cluster: it cannot have the address "${address}"`;
  return new UserError("LAB_OUTSIDE_ADDRESS", message, {
    hint: "Take one that belongs neither to the lab's pods, Services and nodes nor to every host, such as 203.0.113.10",
  });
}

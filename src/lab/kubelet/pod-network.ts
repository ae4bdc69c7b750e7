import type { Family, LabNetwork } from "../contracts.ts";
import { createAddressPool } from "./address-pool.ts";
import { microbatch } from "./microbatch.ts";
import type { PodSpec } from "./pod-spec.ts";
import { OUTSIDE, type Room } from "./scheduler.ts";

/** Who has which address, and the wires to them. */
export interface PodNetwork {
  /** Gives a pod its addresses and wires it. @throws with the reason as a kubelet words it */
  join(pod: PodSpec, node: string): Promise<readonly string[]>;
  /** Ends whatever runs in the pod. Also for pods that never joined. */
  leave(pod: PodSpec): Promise<void>;
  rooms(): readonly Room[];
}

interface Joining {
  readonly id: string;
  readonly node: string;
  readonly addresses: readonly string[];
  error?: unknown;
}

/** Pods that come or go within this time are wired or unwired together. */
const GATHER_MS = 4;

type Network = Pick<LabNetwork, "nodes" | "addPods" | "addOutside" | "removePods">;

export function createPodNetwork(network: Network, families: readonly Family[]): PodNetwork {
  const pools = new Map(network.nodes.map((node, i) => [node, createAddressPool(i + 1, families)]));
  const joined = new Map<string, Joining>();

  const wire = microbatch(async (batch: readonly Joining[]) => {
    const pods = batch.filter(({ node }) => node !== OUTSIDE);
    const outside = batch.filter(({ node }) => node === OUTSIDE);
    await Promise.all([
      ...(pods.length > 0 ? [note(pods, network.addPods(pods))] : []),
      ...outside.map((host) => note([host], network.addOutside(host.id, host.addresses))),
    ]);
  }, GATHER_MS);

  const unwire = microbatch((ids: readonly string[]) => network.removePods(ids), GATHER_MS);

  function release({ id, node, addresses }: Joining): void {
    joined.delete(id);
    pools.get(node)?.give(addresses);
  }

  return {
    async join({ uid, outside }, node) {
      const addresses = node === OUTSIDE ? outside : pools.get(node)?.take();
      if (addresses === undefined) throw new Error(`failed to assign an IP address: node "${node}" has none left`);
      const joining: Joining = { id: uid, node, addresses };
      joined.set(uid, joining);
      await wire(joining);
      if (joining.error === undefined) return addresses;
      release(joining);
      throw new Error(`failed to set up the network: ${messageOf(joining.error)}`, { cause: joining.error });
    },
    async leave({ uid }) {
      const leaving = joined.get(uid);
      if (leaving === undefined) return;
      await unwire(uid);
      release(leaving);
    },
    rooms: () => [...pools].map(([node, { free }]) => ({ node, free })),
  };
}

/** One batch may fail and another not, so each of its pods keeps its own error. */
async function note(batch: readonly Joining[], wiring: Promise<void>): Promise<void> {
  try {
    await wiring;
  } catch (error) {
    for (const joining of batch) joining.error = error;
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

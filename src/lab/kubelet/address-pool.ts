import type { Family } from "../contracts.ts";
import { PODS_PER_NODE, podAddress } from "../network/index.ts";

/** A node's addresses for pods. */
export interface AddressPool {
  readonly free: number;
  /** One address for each family, in their order; undefined if all are taken. */
  take(): readonly string[] | undefined;
  give(addresses: readonly string[]): void;
}

/**
 * Goes round, so that an address comes back as late as possible: a connection to a pod that is gone should not reach
 * another one.
 */
export function createAddressPool(node: number, families: readonly Family[]): AddressPool {
  const taken = new Map<string, number>();
  const indices = new Set<number>();
  let next = 0;
  return {
    get free() {
      return PODS_PER_NODE - indices.size;
    },
    take() {
      if (indices.size >= PODS_PER_NODE) return undefined;
      while (indices.has(next)) next = (next + 1) % PODS_PER_NODE;
      const index = next;
      next = (next + 1) % PODS_PER_NODE;
      const addresses = families.map((family) => podAddress(node, index, family));
      indices.add(index);
      taken.set(String(addresses), index);
      return addresses;
    },
    give(addresses) {
      const index = taken.get(String(addresses));
      if (index !== undefined) indices.delete(index);
      taken.delete(String(addresses));
    },
  };
}

import { type Cidr, contains, parseAddress, parseCidr } from "../expectation/index.ts";
import type { PartyName, Probe } from "./model.ts";

/** Where a pod is, and what it reaches without a gateway. */
export interface Neighbourhood {
  /** Undefined where it is not known: then all such pods count as on one node. */
  readonly node: string | undefined;
  /** Prefixes such as `10.244.1.0/24`, as its routes say. */
  readonly onLink: readonly string[];
}

/**
 * The room that is left in the nodes' neighbour tables. Pods that reach each other without a gateway, over a bridge for
 * instance, take an entry for every address that they talk to. The kernel has 1,024 for all pods of a node together
 * (`gc_thresh3`), keeps those that were just used, and drops the packets of whoever finds no room: those of probes, and
 * of everybody else on that node.
 */
export class NeighbourTables {
  readonly #neighbourhoods: ReadonlyMap<PartyName, { readonly node: string; readonly onLink: readonly Cidr[] }>;
  readonly #most: number;
  readonly #taken = new Map<string, number>();
  readonly #known = new Set<string>();

  /** `most`: entries that may be taken of one node's table. */
  constructor(neighbourhoods: ReadonlyMap<PartyName, Neighbourhood>, most: number) {
    this.#most = most;
    this.#neighbourhoods = new Map(
      [...neighbourhoods].map(([party, { node = "", onLink }]) => [
        party,
        { node, onLink: onLink.flatMap((prefix) => parseCidr(prefix) ?? []) },
      ]),
    );
  }

  /** Takes the entries by which the two ends find each other, once for each pair of addresses. False: there was no room. */
  take({ source, sourceAddress, destination, address }: Probe): boolean {
    const pair = [sourceAddress, address].sort().join(" ");
    if (this.#known.has(pair)) return true;
    const tables = [...this.#tableOf(source, address), ...this.#tableOf(destination, sourceAddress)];
    if (tables.some((table) => (this.#taken.get(table) ?? 0) + tables.length > this.#most)) return false;
    this.#known.add(pair);
    for (const table of tables) this.#taken.set(table, (this.#taken.get(table) ?? 0) + 1);
    return true;
  }

  #tableOf(party: PartyName, address: string): readonly string[] {
    const own = this.#neighbourhoods.get(party);
    const parsed = parseAddress(address);
    if (own === undefined || parsed === undefined) return [];
    return own.onLink.some((cidr) => contains(cidr, parsed)) ? [own.node] : [];
  }
}

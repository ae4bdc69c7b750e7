import { BlockList, isIPv6 } from "node:net";
import type { PartyName, Probe } from "../plan/index.ts";
import type { Agent } from "./agent.ts";
import type { Wanted } from "./trace.ts";

export interface Places {
  readonly agents: ReadonlyMap<PartyName, Pick<Agent, "onLink">>;
  /** The node of each party, where it is known. */
  readonly nodes: ReadonlyMap<PartyName, string>;
}

/**
 * Pods that reach each other without a gateway, over a bridge for instance, take an entry of their node's neighbour table
 * for every address that they talk to. The kernel has 1,024 of them for all pods of a node together, lets none go in its
 * first five seconds, and drops the packets of whoever finds no room, be it a probe or anybody else on that node.
 */
const ENTRIES = 600;
export const ENTRY_LIFE_MS = 5200;

/**
 * Divides probes into as few portions as the neighbour tables allow: one, where pods have a gateway. What tries the same
 * pair of addresses stays together, and `first` comes in the first portion.
 */
export function inPortions(
  wanted: readonly Wanted[],
  first: ReadonlySet<string>,
  { agents, nodes }: Places,
): readonly (readonly Wanted[])[] {
  const links = new Map([...agents].map(([party, { onLink }]) => [party, blockList(onLink)]));
  const isNeighbour = (party: PartyName, address: string): boolean =>
    links.get(party)?.check(address, isIPv6(address) ? "ipv6" : "ipv4") === true;
  const tables = ({ source, sourceAddress, destination, address }: Probe): readonly string[] => [
    ...(isNeighbour(source, address) ? [nodes.get(source) ?? ""] : []),
    ...(isNeighbour(destination, sourceAddress) ? [nodes.get(destination) ?? ""] : []),
  ];

  const portions = [new Portion()];
  const byPair = new Map<string, Portion>();
  const ordered = [
    ...wanted.filter(({ probe }) => first.has(probe.id)),
    ...wanted.filter(({ probe }) => !first.has(probe.id)),
  ];
  for (const one of ordered) {
    const { sourceAddress, address } = one.probe;
    const pair = [sourceAddress, address].sort().join(" ");
    let portion = byPair.get(pair);
    if (portion === undefined) {
      const taken = tables(one.probe);
      portion = portions.find((candidate) => candidate.hasRoom(taken)) ?? new Portion();
      if (!portions.includes(portion)) portions.push(portion);
      portion.take(taken);
      byPair.set(pair, portion);
    }
    portion.wanted.push(one);
  }
  return portions.map(({ wanted: own }) => own);
}

class Portion {
  readonly wanted: Wanted[] = [];
  readonly #entries = new Map<string, number>();

  hasRoom(tables: readonly string[]): boolean {
    return tables.every((table) => (this.#entries.get(table) ?? 0) + tables.length <= ENTRIES);
  }

  take(tables: readonly string[]): void {
    for (const table of tables) this.#entries.set(table, (this.#entries.get(table) ?? 0) + 1);
  }
}

function blockList(prefixes: readonly string[]): BlockList {
  const list = new BlockList();
  for (const prefix of prefixes) {
    const [address = "", bits] = prefix.split("/");
    list.addSubnet(address, Number(bits), isIPv6(address) ? "ipv6" : "ipv4");
  }
  return list;
}

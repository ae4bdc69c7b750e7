import { describe, expect, it } from "vitest";
import type { Probe } from "./model.ts";
import { NeighbourTables } from "./neighbour-tables.ts";

const BRIDGE = ["10.244.0.0/24"];
const pods = Array.from({ length: 60 }, (_, index) => `10.244.0.${index + 1}`);
const pairs = pods.flatMap((source) => pods.filter((other) => other !== source).map((other) => probe(source, other)));

/** In these tests a pod's name is its address. */
function probe(source: string, destination: string, port = 80): Probe {
  const id = `${source} > ${destination} ${port}/TCP`;
  return { id, source, sourceAddress: source, destination, address: destination, protocol: "TCP", port };
}

function tables(most: number, onLink: readonly string[], nodeOf: (pod: string) => string = () => "node1") {
  return new NeighbourTables(new Map(pods.map((pod) => [pod, { node: nodeOf(pod), onLink }])), most);
}

describe("neighbour tables", () => {
  it("have room for everything where pods have a gateway", () => {
    for (const onLink of [[], ["10.99.0.0/16"], ["fd00::/8"]])
      expect(pairs.every((pair) => tables(1, onLink).take(pair))).toBe(true);
  });

  it("take two entries for a pair on one node, whatever its direction and ports", () => {
    const room = tables(4, BRIDGE);
    expect(room.take(probe("10.244.0.1", "10.244.0.2"))).toBe(true);
    expect(room.take(probe("10.244.0.1", "10.244.0.2", 443))).toBe(true);
    expect(room.take(probe("10.244.0.2", "10.244.0.1"))).toBe(true);
    expect(room.take(probe("10.244.0.1", "10.244.0.3"))).toBe(true);
    expect(room.take(probe("10.244.0.2", "10.244.0.3"))).toBe(false);
    expect(room.take(probe("10.244.0.3", "10.244.0.1"))).toBe(true);
  });

  it("never hold more than they may", () => {
    const room = tables(600, BRIDGE);
    const taken = pairs.filter((pair) => room.take(pair));
    expect(new Set(taken.map(({ source, destination }) => [source, destination].sort().join())).size).toBe(300);
  });

  it("are one for each node, on a link across nodes too", () => {
    const nodeOf = (pod: string) => `node${Number(pod.split(".").at(-1)) % 3}`;
    const room = tables(600, ["0.0.0.0/0"], nodeOf);
    const entries = new Map<string, number>();
    const taken = new Set(
      pairs.filter((pair) => room.take(pair)).map(({ source, destination }) => [source, destination].sort().join()),
    );
    for (const end of [...taken].flatMap((pair) => pair.split(",")))
      entries.set(nodeOf(end), (entries.get(nodeOf(end)) ?? 0) + 1);
    for (const count of entries.values()) expect(count).toBeLessThanOrEqual(600);
    expect(taken.size).toBeGreaterThan(800);
  });

  it("count pods whose node is not known as on one", () => {
    const room = new NeighbourTables(new Map(pods.map((pod) => [pod, { node: undefined, onLink: BRIDGE }])), 2);
    expect(room.take(probe("10.244.0.1", "10.244.0.2"))).toBe(true);
    expect(room.take(probe("10.244.0.3", "10.244.0.4"))).toBe(false);
  });
});

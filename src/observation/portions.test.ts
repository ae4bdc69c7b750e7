import { describe, expect, it } from "vitest";
import type { Probe } from "../plan/index.ts";
import { Observer } from "./observe.ts";
import { ENTRY_LIFE_MS, inPortions } from "./portions.ts";
import { SourcePorts } from "./source-ports.ts";
import { FakeNetwork } from "./testing/fake-agents.ts";
import { VirtualClock } from "./testing/virtual-clock.ts";
import type { Wanted } from "./trace.ts";

/** Of the 1,024 that the kernel has, the most that one portion may take. */
const MOST_ENTRIES = 600;

const addresses = (count: number) => Array.from({ length: count }, (_, index) => `10.244.0.${index + 1}`);

/** Every ordered pair, on two ports; in these tests a pod's name is its address. */
function allPairs(pods: readonly string[]): readonly Wanted[] {
  return pods.flatMap((source) =>
    pods
      .filter((destination) => destination !== source)
      .flatMap((destination) => [80, 443].map((port) => wanted(source, destination, port))),
  );
}

function wanted(source: string, destination: string, port: number): Wanted {
  const id = `${source} > ${destination} ${port}/TCP`;
  const probe: Probe = {
    id,
    source,
    sourceAddress: source,
    destination,
    address: destination,
    protocol: "TCP",
    port,
  };
  return { probe, wish: "blocked" };
}

const placed = (
  pods: readonly string[],
  onLink: readonly string[],
  nodeOf: (pod: string) => string = () => "node1",
) => ({
  agents: new Map(pods.map((pod) => [pod, { onLink }])),
  nodes: new Map(pods.map((pod) => [pod, nodeOf(pod)])),
});

/** How many entries of each node's table a portion takes: one for each address that one of its pods has to find. */
function entries(portion: readonly Wanted[], nodeOf: (pod: string) => string = () => "node1"): readonly number[] {
  const found = new Map<string, Set<string>>();
  for (const { probe } of portion) {
    for (const [pod, address] of [
      [probe.source, probe.address],
      [probe.destination, probe.sourceAddress],
    ] as const) {
      const table = found.get(nodeOf(pod)) ?? new Set();
      found.set(nodeOf(pod), table.add(`${pod} ${address}`));
    }
  }
  return [...found.values()].map(({ size }) => size);
}

describe("portions of probes", () => {
  const sixty = addresses(60);
  const all = allPairs(sixty);

  it("are one where pods have a gateway, however many they are", () => {
    expect(inPortions(all, new Set(), placed(sixty, []))).toEqual([all]);
    expect(inPortions(all, new Set(), placed(sixty, ["10.99.0.0/16"]))).toEqual([all]);
  });

  it("are one where a shared link has room for all", () => {
    const few = addresses(24);
    expect(inPortions(allPairs(few), new Set(), placed(few, ["10.244.0.0/24"]))).toHaveLength(1);
  });

  it("spare the neighbour table of a node whose pods share a link, and leave nothing out", () => {
    const portions = inPortions(all, new Set(), placed(sixty, ["10.244.0.0/24"]));
    expect(portions.flat().sort(byId)).toEqual([...all].sort(byId));
    for (const portion of portions)
      for (const taken of entries(portion)) expect(taken).toBeLessThanOrEqual(MOST_ENTRIES);
    expect(portions).toHaveLength(Math.ceil((60 * 59) / MOST_ENTRIES));
  });

  it("count each node's own table, also on a link across nodes", () => {
    const nodeOf = (pod: string) => `node${Number(pod.split(".").at(-1)) % 3}`;
    const portions = inPortions(all, new Set(), placed(sixty, ["0.0.0.0/0"], nodeOf));
    for (const portion of portions)
      for (const taken of entries(portion, nodeOf)) expect(taken).toBeLessThanOrEqual(MOST_ENTRIES);
    expect(portions.length).toBeLessThanOrEqual(4);
  });

  it("keep all that tries the same two addresses together", () => {
    const portions = inPortions(all, new Set(), placed(sixty, ["10.244.0.0/24"]));
    const pairs = portions.map(
      (portion) => new Set(portion.map(({ probe }) => [probe.source, probe.destination].sort().join())),
    );
    expect(pairs.reduce((sum, { size }) => sum + size, 0)).toBe((60 * 59) / 2);
  });

  it("begin with what has to come first", () => {
    const last = all.at(-1) as Wanted;
    const [first] = inPortions(all, new Set([last.probe.id]), placed(sixty, ["10.244.0.0/24"]));
    expect(first?.[0]).toBe(last);
  });
});

it("a phase in portions tries one after the other, and has every round and every trace", async () => {
  const clock = new VirtualClock();
  const network = new FakeNetwork(clock);
  network.onLink = ["10.244.0.0/24"];
  network.rule = () => ({ outcome: "timed-out" });
  const pods = addresses(30);
  await network.add(...pods);
  const observer = new Observer(network.agents, "00".repeat(32), {
    clock,
    timing: { attemptTimeoutMs: 300, deadlineMs: 5000, firstEffectMs: 5000 },
    ports: new SourcePorts([]),
    nodes: placed(pods, []).nodes,
  });
  const seen: string[] = [];
  const all = allPairs(pods);
  const onProgress = ({ portion, portions, settled }: { portion: number; portions: number; settled: number }) =>
    seen.push(`${portion}/${portions}: ${settled}`);
  const phase = await observer.observe({ wanted: all, until: "stability", onProgress }, new AbortController().signal);
  expect(phase.traces).toHaveLength(all.length);
  expect(phase.traces.every(({ settledAt }) => settledAt !== undefined)).toBe(true);
  expect(phase.rounds.map(({ index }) => index)).toEqual([1, 2, 3, 4]);
  expect(seen).toEqual(["1/2: 0", "1/2: 1200", "2/2: 1200", `2/2: ${all.length}`]);
  const starts = phase.rounds.map(({ startedAt }) => startedAt);
  expect((starts[2] ?? 0) - (starts[0] ?? 0)).toBeGreaterThanOrEqual(ENTRY_LIFE_MS);
  const rounds = new Map(phase.rounds.map((round) => [round.index, round]));
  for (const { attempts } of phase.traces)
    for (const { round, at } of attempts) expect(at).toBeGreaterThanOrEqual(rounds.get(round)?.startedAt ?? Infinity);
});

function byId(a: Wanted, b: Wanted): number {
  return a.probe.id < b.probe.id ? -1 : 1;
}

import type { Probe } from "../../plan/index.ts";
import type { PhaseObservation, ProbeTrace, Wish } from "../model.ts";
import { Observer, type Timing } from "../observe.ts";
import type { PhaseWish } from "../phase.ts";
import { SourcePorts } from "../source-ports.ts";
import { FakeNetwork, type Fate } from "./fake-agents.ts";
import { VirtualClock } from "./virtual-clock.ts";

export const TIMING: Timing = { attemptTimeoutMs: 300, deadlineMs: 5000, firstEffectMs: 3000 };
export const ANSWERED: Fate = { outcome: "answered" };
export const SILENT: Fate = { outcome: "timed-out" };
export const never = new AbortController().signal;

/** `shop/web`, `shop/db` and `shop/api` on a clock of their own. */
export async function openNetwork(): Promise<FakeNetwork> {
  const network = new FakeNetwork(new VirtualClock());
  await network.add("shop/web", "shop/db", "shop/api");
  return network;
}

export function observerOf(network: FakeNetwork, timing = TIMING): Observer {
  const { agents, clock } = network;
  return new Observer(agents, "00".repeat(32), { clock, timing, ports: new SourcePorts([]) });
}

export function observeRows(
  observer: Observer,
  wishes: readonly [string, Wish][],
  more: Partial<PhaseWish>,
): Promise<PhaseObservation> {
  return observer.observe({ wanted: wishes.map(([id, wish]) => wanted(id, wish)), until: "stability", ...more }, never);
}

/** `web > db` goes to port 80; in the fake network a pod's name is its address. */
export function wanted(id: string, wish: Wish): { probe: Probe; wish: Wish } {
  const [source, destination] = id.split(" > ").map((name) => `shop/${name}`);
  if (source === undefined || destination === undefined) throw new Error(id);
  const probe = {
    id,
    source,
    sourceAddress: source,
    destination,
    address: destination,
    protocol: "TCP",
    port: 80,
  } as const;
  return { probe, wish };
}

export function trace(phase: PhaseObservation, id: string): ProbeTrace {
  const found = phase.traces.find(({ probe }) => probe.id === id);
  if (found === undefined) throw new Error(`no trace ${id}`);
  return found;
}

export function outcomes(phase: PhaseObservation, id: string): readonly string[] {
  return trace(phase, id).attempts.map(({ outcome }) => outcome);
}

export function startOf({ rounds }: PhaseObservation, index: number): number {
  return rounds[index]?.startedAt ?? Number.NaN;
}

import type { PartyName, Probe } from "../plan/index.ts";
import type { Agent } from "./agent.ts";
import type { Attempts, Order } from "./attempts.ts";
import { type Attempt, listenerName, listenersOf } from "./model.ts";

/** The controls of a round: which networks were alive, which listeners answered. */
export class Controls {
  readonly #agents: ReadonlyMap<PartyName, Agent>;
  readonly #attempts: Attempts;
  readonly #timeoutMs: number;

  constructor(agents: ReadonlyMap<PartyName, Agent>, attempts: Attempts, timeoutMs: number) {
    this.#agents = agents;
    this.#attempts = attempts;
    this.#timeoutMs = timeoutMs;
  }

  /** Which of the probes' listeners answer their own pod, at the very address and port that is probed. */
  async listening(probes: readonly Probe[]): Promise<Set<string>> {
    const orders = new Map<string, Order>();
    for (const listener of probes.flatMap(listenersOf)) {
      const { destination, protocol, port, address } = listener;
      const id = listenerName(listener);
      if (orders.has(id) || !this.#agents.has(destination)) continue;
      const probe: Probe = { id, source: destination, sourceAddress: address, destination, address, protocol, port };
      orders.set(id, { probe, attempt: { round: 0, at: 0, outcome: "pending", ms: 0 } });
    }
    await this.#attempts.make([...orders.values()], this.#timeoutMs);
    const answered = [...orders].filter(([, { attempt }]) => attempt.outcome === "connected");
    return new Set(answered.map(([id]) => id));
  }

  /**
   * The parties whose network worked in both directions during the round: a connection with another party was answered,
   * or the kubelet's own probe, which policies never touch, got through.
   */
  async alive(orders: readonly Order[], startedAt: number): Promise<Set<PartyName>> {
    const alive = new Set<PartyName>();
    for (const { probe, attempt } of orders) {
      if (!isAnsweredBetweenParties(probe, attempt)) continue;
      alive.add(probe.source);
      if (listenersOf(probe).length === 1) alive.add(probe.destination);
    }
    const unsure = new Set(
      orders
        .flatMap(({ probe }) => [probe.source, ...listenersOf(probe).map(({ destination }) => destination)])
        .filter((party) => !alive.has(party)),
    );
    await Promise.all(
      [...unsure].map(async (party) => {
        const receipts = await this.#agents.get(party)?.receipts([], startedAt - HEALTH_PERIOD_MS);
        if (receipts && receipts.health.length > 0) alive.add(party);
      }),
    );
    return alive;
  }
}

/** The kubelet probes once a second; a receipt this old still speaks for the round. */
const HEALTH_PERIOD_MS = 1500;

function isAnsweredBetweenParties(probe: Probe, attempt: Attempt): boolean {
  return probe.source !== probe.destination && attempt.outcome === "connected";
}

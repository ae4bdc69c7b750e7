import { beforeEach, describe, expect, it } from "vitest";
import type { PhaseObservation, Wish } from "./model.ts";
import type { Observer } from "./observe.ts";
import type { PhaseWish } from "./phase.ts";
import type { FakeNetwork, Try } from "./testing/fake-agents.ts";
import {
  ANSWERED,
  never,
  observeRows,
  observerOf,
  openNetwork,
  outcomes,
  SILENT,
  startOf,
  TIMING,
  trace,
  wanted,
} from "./testing/phases.ts";

let network: FakeNetwork;
let observer: Observer;

beforeEach(async () => {
  network = await openNetwork();
  observer = observerOf(network);
});

describe("a phase that wants stability", () => {
  it("settles a block by two rounds that begin at least a second apart", async () => {
    network.rule = () => SILENT;
    const phase = await observe([["web > db", "blocked"]]);
    expect(phase.rounds).toHaveLength(2);
    expect(startOf(phase, 1) - startOf(phase, 0)).toBeGreaterThanOrEqual(1000);
    expect(trace(phase, "web > db").settledAt).toBeDefined();
    expect(trace(phase, "web > db").attempts).toHaveLength(4);
  });

  it("settles an open connection by one success in each of two rounds", async () => {
    const phase = await observe([["web > db", "open"]]);
    expect(outcomes(phase, "web > db")).toEqual(["connected", "connected"]);
    expect(trace(phase, "web > db").matchesFromRound).toBe(1);
  });

  it("pauses between rounds while an open connection is refused", async () => {
    network.rule = ({ at }) => (at < 4000 ? { outcome: "refused" } : ANSWERED);
    const { rounds, traces } = await observer.observe(
      { wanted: [wanted("web > db", "open")], until: "success" },
      never,
    );
    expect(traces[0]?.settledAt).toBeDefined();
    expect(rounds.length).toBeLessThan(20);
  });

  it("waits for policies that take effect late, and counts only from then on", async () => {
    network.rule = ({ at }) => (at < 2000 ? ANSWERED : SILENT);
    const phase = await observe([["web > db", "blocked"]]);
    const { matchesFromRound, settledAt, attempts } = trace(phase, "web > db");
    expect(settledAt).toBeDefined();
    const since = attempts.filter(({ round }) => round >= (matchesFromRound ?? 0));
    expect(since.every(({ outcome }) => outcome === "timed-out")).toBe(true);
  });

  it("ends early where not one attempt was blocked", async () => {
    const phase = await observe([["web > db", "blocked"]]);
    expect(phase.finishedAt - phase.startedAt).toBeLessThan(TIMING.firstEffectMs + 1000);
    expect(phase.finishedAt - phase.startedAt).toBeGreaterThanOrEqual(TIMING.firstEffectMs);
  });

  it("ends at the deadline with what never became as wished", async () => {
    network.rule = ({ destination }) => (destination === "shop/db" ? SILENT : ANSWERED);
    const phase = await observe([
      ["web > db", "blocked"],
      ["web > api", "blocked"],
    ]);
    expect(trace(phase, "web > api").settledAt).toBeUndefined();
    expect(phase.finishedAt - phase.startedAt).toBeLessThan(TIMING.deadlineMs + 1000);
    expect(phase.finishedAt - phase.startedAt).toBeGreaterThanOrEqual(TIMING.deadlineMs);
  });

  it("lets what matches at the deadline have its second look", async () => {
    network.rule = ({ at, destination }) => (at < 4800 && destination === "shop/db" ? ANSWERED : SILENT);
    const phase = await observe([
      ["web > db", "blocked"],
      ["web > api", "blocked"],
    ]);
    expect(trace(phase, "web > db").settledAt).toBeDefined();
  });

  it("goes on past the deadline while rows still begin to match, as on a slow cluster", async () => {
    network.rule = ({ at, destination }) =>
      at < ({ "shop/db": 2500, "shop/api": 5200 }[destination] ?? 7900) ? ANSWERED : SILENT;
    const phase = await observe([
      ["web > db", "blocked"],
      ["web > api", "blocked"],
      ["db > web", "blocked"],
    ]);
    expect(trace(phase, "web > db").settledAt).toBeDefined();
    expect(trace(phase, "web > api").settledAt).toBeDefined();
    expect(trace(phase, "db > web").settledAt).toBeDefined();
  });

  it("does not wait for what comes and goes", async () => {
    network.rule = ({ at, destination }) => (destination === "shop/db" && at % 2000 < 1000 ? ANSWERED : SILENT);
    const phase = await observe([
      ["web > db", "blocked"],
      ["web > api", "blocked"],
    ]);
    expect(phase.finishedAt - phase.startedAt).toBeLessThan(TIMING.deadlineMs + 1500);
  });

  it("looks twice even where one round takes longer than the deadline", async () => {
    const slow = observerOf(network, { attemptTimeoutMs: 300, deadlineMs: 200, firstEffectMs: 200 });
    network.rule = ({ destination }) => (destination === "shop/db" ? SILENT : ANSWERED);
    const wishes = [wanted("web > db", "blocked"), wanted("web > api", "blocked")];
    const phase = await slow.observe({ wanted: wishes, until: "stability" }, never);
    expect(trace(phase, "web > db").settledAt).toBeDefined();
    expect(trace(phase, "web > api").settledAt).toBeUndefined();
  });

  it("keeps looking at what is settled while other connections are not, and takes nothing back", async () => {
    network.rule = ({ destination, at }) => {
      if (destination === "shop/api") return ANSWERED;
      return at > 3000 && at < 4500 ? ANSWERED : SILENT;
    };
    const phase = await observe([
      ["web > db", "blocked"],
      ["web > api", "blocked"],
    ]);
    const { settledAt, attempts, matchesFromRound } = trace(phase, "web > db");
    expect(matchesFromRound).toBe(1);
    expect(settledAt).toBeDefined();
    expect(attempts.some(({ outcome }) => outcome === "connected")).toBe(true);
  });

  it("tries an open connection three times in a round, so that a lost packet convicts nobody", async () => {
    let tries = 0;
    network.rule = () => {
      tries += 1;
      return tries === 3 || tries > 5 ? ANSWERED : SILENT;
    };
    const phase = await observe([["web > db", "open"]]);
    expect(outcomes(phase, "web > db").slice(0, 3)).toEqual(["timed-out", "timed-out", "connected"]);
    expect(trace(phase, "web > db").settledAt).toBeDefined();
  });

  it("looks again at once at what does not match, and not at the rest", async () => {
    network.rule = ({ destination, at }) => (destination === "shop/db" && at < 500 ? SILENT : ANSWERED);
    const phase = await observe([
      ["web > db", "open"],
      ["web > api", "open"],
    ]);
    const early = network.tries.filter(({ at, destination }) => at < 900 && destination === "shop/api");
    expect(early).toHaveLength(1);
    expect(trace(phase, "web > db").settledAt).toBeDefined();
  });

  it("waits with its first round until the heralds are blocked", async () => {
    network.rule = ({ at }) => (at < 100 ? ANSWERED : SILENT);
    const phase = await observe([["web > db", "blocked"]], { heralds: ["web > db"] });
    expect(phase.rounds[0]?.startedAt).toBeGreaterThanOrEqual(phase.startedAt + 100);
    expect(phase.rounds).toHaveLength(2);
  });

  it("settles no open connection before the last policy that can be seen has taken effect", async () => {
    // What blocks web > api takes effect late, and blocks web > db with it.
    network.rule = ({ at }) => (at < 2500 ? ANSWERED : SILENT);
    const phase = await observe([
      ["web > db", "open"],
      ["web > api", "blocked"],
    ]);
    expect(trace(phase, "web > api").settledAt).toBeDefined();
    expect(trace(phase, "web > db").settledAt).toBeUndefined();
  });

  it.each([
    { name: "while policies are still taking effect settles nothing", effect: 4200, isForgotten: true },
    {
      name: "after they have taken effect is a change of mind, and takes nothing back",
      effect: 50,
      isForgotten: false,
    },
  ])("a denied connection that is silent, open and silent again $name", async ({ effect, isForgotten }) => {
    network.rule = ({ at, destination }) => {
      const isOpen = { "shop/db": at > 2600 && at < 3900, "shop/api": at < effect, "shop/web": true }[destination];
      return isOpen ? ANSWERED : SILENT;
    };
    const rows = ["web > db", "web > api", "db > web"].map((id): [string, Wish] => [id, "blocked"]);
    const phase = await observe(rows);
    const { matchesFromRound = 0, attempts } = trace(phase, "web > db");
    expect(attempts.some(({ outcome }) => outcome === "connected")).toBe(true);
    expect(startOf(phase, matchesFromRound - 1) - phase.startedAt >= 4000).toBe(isForgotten);
  });

  it("notes that a denied connection was open again after it had been blocked, before it was settled", async () => {
    network.rule = ({ at }) => (at > 500 && at < 1700 ? ANSWERED : SILENT);
    const phase = await observe([["web > db", "blocked"]]);
    expect(trace(phase, "web > db").settledAt).toBeDefined();
    expect(trace(phase, "web > db").reopenedIn).toBeGreaterThan(1);
  });

  it("does not wait for heralds for ever", async () => {
    const phase = await observe([["web > db", "open"]], { heralds: ["web > db"] });
    expect(trace(phase, "web > db").settledAt).toBeDefined();
  });
});

describe("a phase that wants one success", () => {
  it("ends after the first round in which everything connects", async () => {
    const phase = await observe([["web > db", "open"]], { until: "success" });
    expect(phase.rounds).toHaveLength(1);
  });

  it("tries until the deadline what does not connect", async () => {
    network.rule = () => SILENT;
    const phase = await observe([["web > db", "open"]], { until: "success" });
    expect(trace(phase, "web > db").settledAt).toBeUndefined();
    expect(phase.finishedAt - phase.startedAt).toBeGreaterThanOrEqual(TIMING.deadlineMs);
  });
});

describe("a block counts only with its controls", () => {
  const cases = [
    {
      name: "the listener does not answer its own pod",
      spoil: () => {
        network.listens = (party) => party !== "shop/db";
      },
    },
    {
      name: "nothing shows that the source's network works",
      spoil: () => {
        network.isHealthy = (party) => party !== "shop/web";
      },
    },
    {
      name: "nothing shows that the destination's network works",
      spoil: () => {
        network.isHealthy = (party) => party !== "shop/db";
      },
    },
  ];
  it.each(cases)("and not where $name", async ({ spoil }) => {
    spoil();
    network.rule = () => SILENT;
    const phase = await observe([["web > db", "blocked"]]);
    expect(trace(phase, "web > db").settledAt).toBeUndefined();
  });

  it("holds where another connection shows that the network works, without the kubelet", async () => {
    network.isHealthy = () => false;
    network.rule = ({ destination, source }) =>
      destination === "shop/db" && source === "shop/web" ? SILENT : ANSWERED;
    const phase = await observe([
      ["web > db", "blocked"],
      ["web > api", "open"],
      ["api > db", "open"],
    ]);
    expect(trace(phase, "web > db").settledAt).toBeDefined();
  });

  it.each(["failed", "handshake"] as const)("and an attempt that ends as %s is none", async (outcome) => {
    network.rule = () => ({ outcome });
    const phase = await observe([["web > db", "blocked"]]);
    expect(trace(phase, "web > db").settledAt).toBeUndefined();
  });

  it.each(["refused", "unreachable", "timed-out"] as const)("and %s is one", async (outcome) => {
    network.rule = () => ({ outcome });
    const phase = await observe([["web > db", "blocked"]]);
    expect(trace(phase, "web > db").settledAt).toBeDefined();
  });
});

it("no source port of a source repeats, across phases too", async () => {
  network.rule = () => SILENT;
  await observe([
    ["web > db", "blocked"],
    ["web > api", "blocked"],
  ]);
  await observe([["web > db", "open"]], { until: "success" });
  const used = network.tries.map(({ source, protocol, sourcePort }: Try) => `${source} ${protocol} ${sourcePort}`);
  expect(used.length).toBeGreaterThan(10);
  expect(new Set(used).size).toBe(used.length);
});

it("an abort ends the phase at once", async () => {
  network.rule = () => SILENT;
  const abort = new AbortController();
  const phase = observer.observe({ wanted: [wanted("web > db", "blocked")], until: "stability" }, abort.signal);
  abort.abort(new Error("enough"));
  await expect(phase).rejects.toThrow("enough");
});

function observe(wishes: readonly [string, Wish][], more: Partial<PhaseWish> = {}): Promise<PhaseObservation> {
  return observeRows(observer, wishes, more);
}

import { beforeEach, describe, expect, it } from "vitest";
import type { PhaseObservation, Wish } from "./model.ts";
import type { Observer } from "./observe.ts";
import type { PhaseWish } from "./phase.ts";
import type { FakeNetwork } from "./testing/fake-agents.ts";
import { never, observeRows, observerOf, openNetwork, outcomes, SILENT, trace, wanted } from "./testing/phases.ts";

let network: FakeNetwork;
let observer: Observer;

beforeEach(async () => {
  network = await openNetwork();
  observer = observerOf(network);
});

describe("a Service", () => {
  const through = ["shop/db", "shop/api"].map((name) => ({
    destination: name,
    address: name,
    protocol: "TCP" as const,
    port: 80,
  }));
  const row = (wish: Wish) => ({ probe: { ...wanted("web > db", wish).probe, address: "shop/db", through }, wish });

  it("is answered by any of the pods behind it", async () => {
    network.rule = () => ({ outcome: "answered", by: "shop/api" });
    const phase = await observer.observe({ wanted: [row("open")], until: "stability" }, never);
    expect(outcomes(phase, "web > db")).toEqual(["connected", "connected"]);
  });

  it.each([
    { name: "all of them", deaf: "nobody", isSettled: true },
    { name: "not one of two", deaf: "shop/api", isSettled: false },
  ])("is blocked only where $name are shown to listen", async ({ deaf, isSettled }) => {
    network.rule = () => SILENT;
    network.listens = (party) => party !== deaf;
    const phase = await observer.observe({ wanted: [row("blocked")], until: "stability" }, never);
    expect(trace(phase, "web > db").settledAt !== undefined).toBe(isSettled);
  });
});

describe("a destination that is not ours", () => {
  const external = { ...wanted("web > db", "blocked").probe, destination: "external", address: "external" };
  const rows = (from: string, wish: Wish) => {
    const probe = { ...external, id: `${from} > external`, source: `shop/${from}`, sourceAddress: `shop/${from}` };
    return { probe: { ...probe, handshake: true as const }, wish };
  };
  const both = [rows("web", "blocked"), rows("api", "open")];

  it("is blocked where another connection is accepted in the same round", async () => {
    network.rule = ({ source }) => (source === "shop/web" ? SILENT : { outcome: "handshake" });
    const phase = await observer.observe({ wanted: both, until: "stability" }, never);
    expect(trace(phase, "web > external").settledAt).toBeDefined();
    expect(outcomes(phase, "api > external")).toContain("connected");
  });

  it("is not shown to be blocked where nobody reaches it", async () => {
    network.rule = () => SILENT;
    const phase = await observer.observe({ wanted: both, until: "stability" }, never);
    expect(trace(phase, "web > external").settledAt).toBeUndefined();
  });

  it("is reached by a connection that is accepted late, too", async () => {
    network.rule = () => ({ outcome: "handshake", lateMs: 100 });
    const phase = await observer.observe({ wanted: both, until: "stability" }, never);
    expect(trace(phase, "web > external").attempts[0]).toMatchObject({ outcome: "connected", late: true });
  });
});

describe("nothing received is forgotten", () => {
  it("an answer after the time-out is a connection", async () => {
    network.rule = () => ({ outcome: "answered", lateMs: 200 });
    const phase = await observe([["web > db", "blocked"]]);
    const first = trace(phase, "web > db").attempts[0];
    expect(first).toMatchObject({ outcome: "connected", late: true });
    expect(trace(phase, "web > db").settledAt).toBeUndefined();
  });

  it("an answer from another pod is misdelivered, and names it", async () => {
    network.rule = () => ({ outcome: "answered", by: "shop/api" });
    const phase = await observe([["web > db", "blocked"]]);
    expect(trace(phase, "web > db").attempts[0]).toMatchObject({ outcome: "misdelivered", answeredBy: "shop/api" });
  });

  it("an answer from an agent that nobody here knows is misdelivered", async () => {
    network.rule = () => ({ outcome: "answered", by: "another/run" });
    const phase = await observe([["web > db", "open"]]);
    expect(trace(phase, "web > db").attempts[0]?.answeredBy).toMatch(/unknown agent/);
  });

  it("a request that arrived without its answer is marked", async () => {
    network.rule = () => ({ outcome: "timed-out", arrives: true });
    const phase = await observe([["web > db", "blocked"]]);
    expect(trace(phase, "web > db").attempts[0]?.arrivedAt).toBe("shop/db");
  });

  it("a source address that was rewritten is kept", async () => {
    network.rule = () => ({ outcome: "answered", seenAs: "10.250.0.2" });
    const phase = await observe([["web > db", "open"]]);
    expect(trace(phase, "web > db").attempts[0]?.seenAs).toBe("10.250.0.2");
  });
});

describe("a lost session", () => {
  it("makes its attempts failed, names the reason and ends the phase early", async () => {
    network.rule = ({ at }) => {
      if (at > 500) network.cut("shop/db");
      return SILENT;
    };
    const phase = await observe([
      ["db > web", "blocked"],
      ["web > api", "blocked"],
    ]);
    expect(phase.lost["shop/db"]).toMatch(/cut/);
    expect(trace(phase, "web > api").settledAt).toBeDefined();
    expect(trace(phase, "db > web").settledAt).toBeUndefined();
    expect(phase.finishedAt - phase.startedAt).toBeLessThan(3000);
  });

  it.each([
    { name: "a gap in the line numbers", line: { line: 99, type: "heartbeat" } },
    { name: "a line of an unknown type", line: { type: "surprise" } },
    { name: "an error that it reports", line: { type: "error", message: "confused" } },
  ])("comes of $name", async ({ line }) => {
    network.say("shop/db", line);
    const phase = await observe([["db > web", "open"]]);
    expect(phase.lost["shop/db"]).toBeDefined();
    expect(outcomes(phase, "db > web")).not.toContain("connected");
  });
});

function observe(wishes: readonly [string, Wish][], more: Partial<PhaseWish> = {}): Promise<PhaseObservation> {
  return observeRows(observer, wishes, more);
}

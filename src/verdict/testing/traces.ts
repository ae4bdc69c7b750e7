import type { Attempt, Outcome, PhaseObservation, ProbeTrace, Round, Wish } from "../../observation/index.ts";
import type { PlannedConnection, Probe } from "../../plan/index.ts";

/** Shorthand for tests: `web > db` on port 80, one second between rounds. */
export function probe(id: string): Probe {
  const [source = "", destination = ""] = id.split(" > ");
  return { id, source, sourceAddress: "10.0.0.1", destination, address: "10.0.0.2", protocol: "TCP", port: 80 };
}

export function planned(
  id: string,
  expectation: PlannedConnection["expectation"],
  more: Partial<PlannedConnection> = {},
): PlannedConnection {
  const own = probe(id);
  return {
    probe: own,
    from: own.source,
    to: own.destination,
    purpose: "policies",
    expectation,
    decision: 0,
    deniedBy: expectation === "deny" ? ["ingress"] : [],
    ...more,
  };
}

/** One list of outcomes for each round; settled if `settled`. */
export function trace(
  id: string,
  rounds: readonly (readonly (Outcome | Partial<Attempt>)[])[],
  { wish = "blocked", from = 1, settled = true }: { wish?: Wish; from?: number; settled?: boolean } = {},
): ProbeTrace {
  const attempts = rounds.flatMap((outcomes, index) =>
    outcomes.map((given): Attempt => {
      const own = typeof given === "string" ? { outcome: given } : given;
      return { round: index + 1, at: (index + 1) * 1000, outcome: "pending", ms: 1, ...own };
    }),
  );
  return {
    probe: probe(id),
    wish,
    attempts,
    ...(settled ? { matchesFromRound: from, settledAt: rounds.length * 1000 } : {}),
  };
}

/** A phase in whose rounds every control of these traces holds, but for those named. */
export function phase(
  traces: readonly ProbeTrace[],
  { dead = [], deaf = [] }: { dead?: readonly string[]; deaf?: readonly string[] } = {},
): PhaseObservation {
  const parties = [...new Set(traces.flatMap(({ probe: { source, destination } }) => [source, destination]))];
  const listeners = traces.map(({ probe: { destination, port, protocol } }) => `${destination} ${port}/${protocol}`);
  const count = Math.max(0, ...traces.flatMap(({ attempts }) => attempts.map(({ round }) => round)));
  const rounds = Array.from(
    { length: count },
    (_, index): Round => ({
      index: index + 1,
      startedAt: (index + 1) * 1000,
      finishedAt: (index + 1) * 1000 + 500,
      alive: parties.filter((party) => !dead.includes(party)),
      listening: listeners.filter((listener) => !deaf.includes(listener)),
    }),
  );
  return { startedAt: 0, finishedAt: count * 1000, rounds, traces, lost: {} };
}

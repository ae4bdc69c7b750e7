import { createExpectation, SEMANTIC_FAULTS } from "../expectation/index.ts";
import type { ClusterState } from "../snapshot/index.ts";
import type { End } from "./ends.ts";
import type { PlannedConnection, ProofPlan } from "./model.ts";

/** Which of the connections would show each fault model that the engine knows: those whose expectation differs under it. */
export function adequacy(
  state: ClusterState,
  connections: readonly PlannedConnection[],
  ends: readonly End[],
): ProofPlan["adequacy"] {
  const byName = new Map(ends.map((end) => [end.name, end]));
  // A pair is decided once for all its ports, if these come together.
  const byPair = connections.toSorted((a, b) => compare(a.from, b.from) || compare(a.to, b.to));
  return SEMANTIC_FAULTS.map((fault) => {
    const faulty = createExpectation(state, { fault });
    const differing = byPair.filter(({ from, to, probe: { protocol, port }, expectation }) => {
      const [source, destination] = [byName.get(from), byName.get(to)];
      if (source === undefined || destination === undefined || expectation === "unspecified") return false;
      return faulty.connection(source.endpoint, destination.endpoint, { protocol, port }).kind !== expectation;
    });
    const witnesses = new Set(differing);
    return {
      fault,
      witnesses: connections.filter((planned) => witnesses.has(planned)).map(({ probe: { id } }) => id),
    };
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

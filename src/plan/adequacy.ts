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
  return SEMANTIC_FAULTS.map((fault) => {
    const faulty = createExpectation(state, { fault });
    const witnesses = connections.filter(({ from, to, probe: { protocol, port }, expectation }) => {
      const [source, destination] = [byName.get(from), byName.get(to)];
      if (source === undefined || destination === undefined || expectation === "unspecified") return false;
      return faulty.connection(source.endpoint, destination.endpoint, { protocol, port }).kind !== expectation;
    });
    return { fault, witnesses: witnesses.map(({ probe: { id } }) => id) };
  });
}

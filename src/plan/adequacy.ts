import { canShow, createExpectation, SEMANTIC_FAULTS } from "../expectation/index.ts";
import type { ClusterState } from "../snapshot/index.ts";
import type { End } from "./ends.ts";
import type { PlannedConnection, ProofPlan } from "./model.ts";

/** Which of the connections would show each fault model that the engine knows: those whose expectation differs under it. */
export function adequacy(
  state: ClusterState,
  connections: readonly PlannedConnection[],
  ends: readonly End[],
): ProofPlan["adequacy"] {
  const byAddress = new Map(ends.map((end) => [`${end.party} ${end.address}`, end]));
  // A pair is decided once for all its ports, if these come together.
  const byPair = connections.toSorted((a, b) => compare(pairOf(a), pairOf(b)));
  return SEMANTIC_FAULTS.map((fault) => {
    if (!canShow(fault, state.policies)) return { fault, witnesses: [] };
    const faulty = createExpectation(state, { fault });
    const differing = byPair.filter(({ probe, expectation }) => {
      const [{ destination: party, address, protocol, port } = probe] = probe.through ?? [];
      const source = byAddress.get(`${probe.source} ${probe.sourceAddress}`);
      const destination = byAddress.get(`${party} ${address}`);
      if (source === undefined || destination === undefined || expectation === "unspecified") return false;
      return faulty.kind(source.endpoint, destination.endpoint, { protocol, port }) !== expectation;
    });
    const witnesses = new Set(differing);
    return {
      fault,
      witnesses: connections.filter((planned) => witnesses.has(planned)).map(({ probe: { id } }) => id),
    };
  });
}

function pairOf({ probe: { sourceAddress, address } }: PlannedConnection): string {
  return `${sourceAddress} ${address}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

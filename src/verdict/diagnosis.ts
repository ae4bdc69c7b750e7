import type { ProofPlan } from "../plan/index.ts";
import type { JudgedConnection } from "./connection.ts";

/** The fault model under which exactly those connections differ that were found wrong. Undefined where none fits, or nothing is wrong. */
export function diagnose({ adequacy }: ProofPlan, connections: readonly JudgedConnection[]): string | undefined {
  const isWrong = ({ verdict }: JudgedConnection): boolean => verdict.kind === "leaks" || verdict.kind === "overblocks";
  const wrong = new Set(connections.filter(isWrong).map(({ planned }) => planned.probe.id));
  if (wrong.size === 0) return undefined;
  const judged = new Set(
    connections
      .filter((connection) => isWrong(connection) || connection.verdict.kind === "conforms")
      .map(({ planned }) => planned.probe.id),
  );
  return adequacy.find(({ witnesses }) => {
    const expected = witnesses.filter((id) => judged.has(id));
    return expected.length === wrong.size && expected.every((id) => wrong.has(id));
  })?.fault;
}

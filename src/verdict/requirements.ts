import type { PlannedRequirement } from "../plan/index.ts";
import type { JudgedConnection } from "./connection.ts";

export interface JudgedRequirement {
  readonly text: string;
  readonly place: string;
  readonly result: "met" | "violated" | "unproven";
  readonly reasons: readonly string[];
}

/** Holds a requirement against what the policies say and against what was seen. */
export function judgeRequirements(
  requirements: readonly PlannedRequirement[],
  connections: readonly JudgedConnection[],
): readonly JudgedRequirement[] {
  const byId = new Map(connections.map((connection) => [connection.planned.probe.id, connection]));
  return requirements.map((requirement) => judgeRequirement(requirement, byId));
}

function judgeRequirement(
  { text, place, must, connections, againstPolicy, unproven: untried }: PlannedRequirement,
  byId: ReadonlyMap<string, JudgedConnection>,
): JudgedRequirement {
  const violated = [...againstPolicy];
  const unproven = [...untried];
  for (const id of connections) {
    const connection = byId.get(id);
    if (connection === undefined) unproven.push(`${id}: not tried`);
    else sort(connection, must, { violated, unproven });
  }
  if (connections.length === 0 && unproven.length === 0) unproven.push("no connection of the run answers it");
  if (violated.length > 0) return { text, place, result: "violated", reasons: violated };
  if (unproven.length > 0) return { text, place, result: "unproven", reasons: unproven };
  return { text, place, result: "met", reasons: [] };
}

function sort(
  { planned, seen, verdict }: JudgedConnection,
  must: PlannedRequirement["must"],
  { violated, unproven }: { violated: string[]; unproven: string[] },
): void {
  const { id } = planned.probe;
  const wanted = must === "connect" ? "allow" : "deny";
  if (planned.expectation !== "unspecified" && planned.expectation !== wanted) {
    violated.push(`${id}: the policies ${planned.expectation === "allow" ? "allow" : "deny"} it`);
  } else if (verdict.kind === "leaks" || verdict.kind === "overblocks") violated.push(`${id}: ${verdict.because}`);
  else if (verdict.kind === "unspecified" && must === "not-connect" && seen.enforced?.kind === "connected") {
    violated.push(`${id}: it connects (the API leaves it open)`);
  } else if (verdict.kind !== "conforms") unproven.push(`${id}: ${verdict.reason}`);
}

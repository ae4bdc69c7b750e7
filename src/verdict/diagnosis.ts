import type { PartyName, ProofPlan } from "../plan/index.ts";
import type { Direction } from "../snapshot/index.ts";
import type { CanaryVerdict } from "./canary.ts";
import type { JudgedConnection } from "./connection.ts";

/** A fault model that explains everything that was found wrong. */
export interface Diagnosis {
  readonly fault: string;
  /** `node-not-enforcing`: which ones. */
  readonly nodes?: readonly string[];
}

/** Faults by which a direction is not enforced for anybody, the canary included. */
const NEGLECTS: Readonly<Record<string, readonly Direction[]>> = {
  "nothing-enforced": ["ingress", "egress"],
  "ingress-not-enforced": ["ingress"],
  "egress-not-enforced": ["egress"],
};

export type NodesByParty = ReadonlyMap<PartyName, string>;

/** The fault under which exactly those connections differ that were found wrong. Undefined where none fits, or nothing is wrong. */
export function diagnose(
  { adequacy }: ProofPlan,
  connections: readonly JudgedConnection[],
  { nodes, canary }: { nodes: NodesByParty; canary: CanaryVerdict },
): Diagnosis | undefined {
  const wrong = connections.filter(isWrong);
  if (wrong.length === 0) return undefined;
  const ids = new Set(wrong.map(({ planned }) => planned.probe.id));
  const judged = new Set(
    connections.filter((connection) => isWrong(connection) || connection.verdict.kind === "conforms").map(idOf),
  );
  const fault = adequacy.find(({ fault: name, witnesses }) => {
    // The canary has seen the opposite.
    if (NEGLECTS[name]?.some((direction) => canary[direction].enforcement === "enforced")) return false;
    const expected = witnesses.filter((id) => judged.has(id));
    return expected.length === ids.size && expected.every((id) => ids.has(id));
  })?.fault;
  if (fault !== undefined) return { fault };
  const idle = idleNodes(connections, nodes);
  return idle.length === 0 ? undefined : { fault: "node-not-enforcing", nodes: idle };
}

/**
 * A policy is enforced by the node of the pod that it applies to. A leak shows that none of the nodes does so that should
 * have denied it; that holds together if every connection that was blocked has another node to thank for it.
 */
function idleNodes(connections: readonly JudgedConnection[], nodes: NodesByParty): readonly string[] {
  const wrong = connections.filter(isWrong);
  if (wrong.some(({ verdict }) => verdict.kind !== "leaks")) return [];
  const idle = new Set(wrong.flatMap((connection) => denyingNodes(connection, nodes)));
  const blocked = connections.filter(
    ({ planned, verdict }) => planned.expectation === "deny" && verdict.kind === "conforms",
  );
  const fits = blocked.every((connection) => denyingNodes(connection, nodes).some((node) => !idle.has(node)));
  return fits && blocked.length > 0 ? [...idle].sort() : [];
}

function denyingNodes({ planned: { deniedBy, probe } }: JudgedConnection, nodes: NodesByParty): readonly string[] {
  return deniedBy.flatMap((direction) => nodes.get(direction === "egress" ? probe.source : probe.destination) ?? []);
}

function isWrong({ verdict }: JudgedConnection): boolean {
  return verdict.kind === "leaks" || verdict.kind === "overblocks";
}

function idOf({ planned }: JudgedConnection): string {
  return planned.probe.id;
}

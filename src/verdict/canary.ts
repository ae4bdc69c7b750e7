import type { Direction } from "../snapshot/index.ts";
import type { JudgedConnection } from "./connection.ts";

/** What the canary shows of one direction. */
export interface Enforcement {
  readonly enforcement: "enforced" | "not-enforced" | "unknown";
  /** Why it is unknown. */
  readonly reason?: string;
}

/** Within one namespace, policies of others may allow everything. */
export const NOT_DENIED = "policies that are there already allow what the canary's would deny";

export type CanaryVerdict = Readonly<Record<Direction, Enforcement>>;

/**
 * Two equal clients, of which a policy denies one. Not enforced is said only where both connect, before and after, and
 * the denied one every time: then neither a dead pod nor a lost session nor a slow plugin can be the reason.
 */
export function judgeCanary(connections: readonly JudgedConnection[]): CanaryVerdict {
  return { ingress: judgeDirection("ingress", connections), egress: judgeDirection("egress", connections) };
}

function judgeDirection(direction: Direction, connections: readonly JudgedConnection[]): Enforcement {
  const blocked = connections.find(({ planned }) => planned.deniedBy.includes(direction));
  if (blocked === undefined) return unknown(NOT_DENIED);
  const { destination } = blocked.planned.probe;
  const open = connections.find(
    ({ planned }) => planned.expectation === "allow" && planned.probe.destination === destination,
  );
  if (open === undefined) return unknown(NOT_DENIED);
  if (open.seen.enforced?.kind !== "connected") return unknown("the canary's permitted client did not connect");
  switch (blocked.verdict.kind) {
    case "conforms":
      return { enforcement: "enforced" };
    case "leaks":
      return isAlwaysOpen(blocked) ? { enforcement: "not-enforced" } : unknown("the canary was blocked only at times");
    case "overblocks":
      return unknown(blocked.verdict.because);
    case "inconclusive":
    case "unspecified":
      return unknown(blocked.verdict.reason);
  }
}

function isAlwaysOpen({ traces: { enforced } }: JudgedConnection): boolean {
  const rounds = enforced?.attempts.filter(({ round }) => round > 0);
  return rounds?.every(({ outcome }) => outcome === "connected") === true;
}

function unknown(reason: string): Enforcement {
  return { enforcement: "unknown", reason };
}

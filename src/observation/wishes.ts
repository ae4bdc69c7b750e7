import type { PlannedConnection, ProofPlan } from "../plan/index.ts";
import type { Wish } from "./model.ts";
import type { Wanted } from "./trace.ts";

/** Without policies everything connects; what the API leaves open may do as it likes. */
export function openWishes({ connections }: ProofPlan): readonly Wanted[] {
  return connections.map(({ probe, expectation }) => ({
    probe,
    wish: expectation === "unspecified" ? "either" : "open",
  }));
}

export function expectedWishes({ connections }: ProofPlan): readonly Wanted[] {
  return connections.map((connection) => ({ probe: connection.probe, wish: WISHES[connection.expectation] }));
}

/** The canary's denied connections: they show first whether policies have taken effect. */
export function heralds({ connections }: ProofPlan): readonly string[] {
  return connections
    .filter(({ purpose, expectation }) => purpose === "canary" && expectation === "deny")
    .map(({ probe }) => probe.id);
}

const WISHES = {
  allow: "open",
  deny: "blocked",
  unspecified: "either",
} as const satisfies Record<PlannedConnection["expectation"], Wish>;

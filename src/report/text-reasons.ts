import type { DirectionDecision } from "../expectation/index.ts";
import type { Direction } from "../snapshot/index.ts";
import type { RecordedConnection, RecordedPolicy, RunRecord } from "./record.ts";

/** Where each policy stands, by `namespace/name`. */
export type Locations = ReadonlyMap<string, RecordedPolicy>;

export function locate({ policies }: RunRecord): Locations {
  return new Map(policies.map((policy) => [`${policy.namespace}/${policy.name}`, policy]));
}

/** Why the policies lead to expect what they do: which deny, by which rule they allow, with file and line. */
export function* explainConnection(
  connection: RecordedConnection,
  { decisions }: RunRecord,
  locations: Locations,
): Iterable<string> {
  const decision = decisions[connection.decision];
  if (decision === undefined) return;
  for (const direction of ["egress", "ingress"] as const) {
    const end = direction === "egress" ? connection.source : connection.destination;
    yield* explainDirection(decision[direction], { direction, end, locations });
  }
}

function* explainDirection(
  decided: DirectionDecision,
  { direction, end, locations }: { direction: Direction; end: string; locations: Locations },
): Iterable<string> {
  if (decided.kind !== "isolated") return;
  if (decided.allows.length === 0) {
    const names = decided.by.map(({ namespace, name }) => place(`${namespace}/${name}`, locations));
    yield `${direction} of ${end} is isolated by ${names.slice(0, 3).join(", ")}${names.length > 3 ? " …" : ""}, and no rule allows this`;
    return;
  }
  for (const { policy, rule } of decided.allows.slice(0, 3)) {
    const key = `${policy.namespace}/${policy.name}`;
    const line = locations.get(key)?.ruleLines?.[direction][rule];
    yield `${direction} of ${end} is allowed by rule ${rule + 1} of ${place(key, locations, line)}`;
  }
}

function place(key: string, locations: Locations, line?: number): string {
  const policy = locations.get(key);
  return policy?.file === undefined ? key : `${key} (${policy.file}:${line ?? policy.line})`;
}

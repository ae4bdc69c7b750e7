import type { PairExpectation } from "../expectation/index.ts";
import type { PlannedConnection } from "./model.ts";
import type { NeighbourTables } from "./neighbour-tables.ts";

/** What the policies say between two ends, and the connections that are worth a try. */
export interface PairRows {
  readonly pair: PairExpectation;
  readonly rows: readonly PlannedConnection[];
}

export interface Budget {
  readonly maxProbes: number;
  readonly tables: NeighbourTables;
  /** Ids of connections that are asked for: they come before all others, and whatever the number of probes. */
  readonly required: ReadonlySet<string>;
}

export interface Choice {
  readonly kept: readonly PlannedConnection[];
  /** How many there was no room for in a neighbour table, and how many no budget. */
  readonly crowded: number;
  readonly left: number;
}

/** What was asked for, then something denied and something allowed of each pair, then the rest in turn, until the budget is used. */
export function withinBudget(pairs: readonly PairRows[], { maxProbes, tables, required }: Budget): Choice {
  const asked = pairs.flatMap(({ rows }) => rows.filter(({ probe: { id } }) => required.has(id)));
  const rows = byWorth(pairs).map((pair) => byInterest(pair.rows));
  const turns = Math.max(0, ...rows.map(({ others }) => others.length));
  const inTurn = Array.from({ length: turns }, (_, turn) => rows.flatMap(({ others }) => others[turn] ?? [])).flat();
  const kept = new Set(asked.filter(({ probe }) => tables.take(probe)));
  const choice = { crowded: asked.length - kept.size, left: 0 };
  for (const row of new Set([...rows.flatMap(({ leading }) => leading), ...inTurn])) {
    if (kept.has(row) || required.has(row.probe.id)) continue;
    if (kept.size >= maxProbes) choice.left += 1;
    else if (tables.take(row.probe)) kept.add(row);
    else choice.crowded += 1;
  }
  return { kept: [...kept], ...choice };
}

interface ByInterest {
  readonly leading: readonly PlannedConnection[];
  readonly others: readonly PlannedConnection[];
}

function byInterest(rows: readonly PlannedConnection[]): ByInterest {
  const denied = rows.filter(isDenied);
  const rest = rows.filter((row) => !isDenied(row));
  return {
    leading: [...denied.slice(0, 1), ...rest.slice(0, 1)],
    others: [...denied.slice(1), ...rest.slice(1)],
  };
}

/** Those that tell most come first; before them all, those by which every isolated pod has something denied and allowed. */
function byWorth(pairs: readonly PairRows[]): readonly PairRows[] {
  const ranked = pairs.toSorted((a, b) => rank(a) - rank(b));
  const served = new Set<string>();
  const first = ranked.filter((pair) => {
    const fresh = evidence(pair).filter((key) => !served.has(key));
    for (const key of fresh) served.add(key);
    return fresh.length > 0;
  });
  return [...new Set([...first, ...ranked])];
}

/** Partly open, then allowed by a rule, then denied, then left open by the API, then what nobody isolates. */
function rank({ pair: { decision }, rows }: PairRows): number {
  if (decision.egress.kind !== "isolated" && decision.ingress.kind !== "isolated") return 4;
  const [isOpen, isClosed] = [rows.some(isAllowed), rows.some(isDenied)];
  if (isOpen) return isClosed ? 0 : 1;
  return isClosed ? 2 : 3;
}

/** Which pods it shows to be isolated, by direction, and for which it shows what is allowed. */
function evidence({ pair: { decision }, rows }: PairRows): readonly string[] {
  const [row] = rows;
  if (row === undefined) return [];
  return (["egress", "ingress"] as const).flatMap((direction) => {
    if (decision[direction].kind !== "isolated") return [];
    const { source, sourceAddress, destination, address } = row.probe;
    const pod = direction === "egress" ? `egress ${source} ${sourceAddress}` : `ingress ${destination} ${address}`;
    return [
      ...(rows.some(({ deniedBy }) => deniedBy.includes(direction)) ? [`${pod} denied`] : []),
      ...(rows.some(isAllowed) ? [`${pod} allowed`] : []),
    ];
  });
}

function isDenied({ expectation }: PlannedConnection): boolean {
  return expectation === "deny";
}

function isAllowed({ expectation }: PlannedConnection): boolean {
  return expectation === "allow";
}

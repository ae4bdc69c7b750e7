/** Sorted, disjoint and non-adjacent inclusive intervals over 1–65535, so that equal sets are equal data. */
export type PortSet = readonly PortInterval[];
export type PortInterval = readonly [from: number, to: number];

export const FIRST_PORT = 1;
export const LAST_PORT = 65_535;

export const NO_PORTS: PortSet = [];
export const ALL_PORTS: PortSet = [[FIRST_PORT, LAST_PORT]];

/** The union; the intervals may come in any order, overlap and touch each other. */
export function unitePorts(sets: readonly PortSet[]): PortSet {
  const filled = sets.filter((set) => set.length > 0);
  if (filled.length < 2) return filled[0] ?? NO_PORTS;
  const united: [number, number][] = [];
  for (const [from, to] of filled.flat().sort((a, b) => a[0] - b[0])) {
    const last = united.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else united.push([from, to]);
  }
  return united;
}

export function intersectPorts(a: PortSet, b: PortSet): PortSet {
  if (a === b || isAllPorts(b)) return a;
  if (isAllPorts(a)) return b;
  return a.flatMap(([from, to]) =>
    b
      .map(([otherFrom, otherTo]): PortInterval => [Math.max(from, otherFrom), Math.min(to, otherTo)])
      .filter(([low, high]) => low <= high),
  );
}

/** The ports of `whole` that are not among `taken`. */
export function subtractPorts(whole: PortSet, taken: PortSet): PortSet {
  if (whole === taken || whole.length === 0) return NO_PORTS;
  return intersectPorts(whole, complement(taken));
}

export function hasPort(set: PortSet, port: number): boolean {
  return set.some(([from, to]) => from <= port && port <= to);
}

/** For people: `none`, `all`, or `80, 443, 9000-9010`. */
export function formatPorts(set: PortSet): string {
  if (set.length === 0) return "none";
  if (isAllPorts(set)) return "all";
  return set.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(", ");
}

/** Where the answer changes: both ends of every interval and the ports just beyond them, in ascending order. */
export function portBoundaries(set: PortSet): readonly number[] {
  const ports = set.flatMap(([from, to]) => [from - 1, from, to, to + 1]);
  return [...new Set(ports)].filter((port) => isPort(port)).sort((a, b) => a - b);
}

export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= FIRST_PORT && port <= LAST_PORT;
}

function isAllPorts(set: PortSet): boolean {
  return set.length === 1 && set[0]?.[0] === FIRST_PORT && set[0][1] === LAST_PORT;
}

function complement(set: PortSet): PortSet {
  const gaps: PortInterval[] = [];
  let next = FIRST_PORT;
  for (const [from, to] of set) {
    if (from > next) gaps.push([next, from - 1]);
    next = to + 1;
  }
  if (next <= LAST_PORT) gaps.push([next, LAST_PORT]);
  return gaps;
}

import { isRecord, sameJson } from "../../store-json.ts";

export type List = readonly unknown[];

interface Order {
  /** Items, or only their keys, in the order that the client wants. */
  readonly order: List;
  /** The list as it was on the server. */
  readonly before: List;
  /** Absent where the items are texts. */
  readonly key: string | undefined;
}

export function keyOf(item: unknown, key: string | undefined): unknown {
  return key === undefined ? item : isRecord(item) ? ofKey(item, key) : undefined;
}

export function ofKey(item: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(item, key) ? item[key] : undefined;
}

/**
 * The items that the client names in its order, with the server's own between them: each before the first named one that
 * was behind it on the server.
 */
export function inGivenOrder(items: List, { order, before, key }: Order): List {
  const indexIn = (list: List, item: unknown): number =>
    list.findIndex((other) => sameJson(keyOf(other, key), keyOf(item, key)));
  const named = sortedBy(
    items.filter((item) => indexIn(order, item) >= 0),
    (item) => indexIn(order, item),
  );
  const others = sortedBy(
    items.filter((item) => indexIn(order, item) < 0),
    (item) => indexIn(before, item),
  );
  const result: unknown[] = [];
  for (const item of named) {
    const place = indexIn(before, item);
    while (others.length > 0 && isBetween(0, indexIn(before, others[0]), place)) result.push(others.shift());
    result.push(item);
  }
  return [...result, ...others];
}

function sortedBy(items: List, place: (item: unknown) => number): unknown[] {
  return [...items].sort((left, right) => place(left) - place(right));
}

function isBetween(least: number, index: number, end: number): boolean {
  return index >= least && index < end;
}

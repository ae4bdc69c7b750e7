// What many policies and pods have in common, kept once: selectors with their answers, and sets of ports.
import type { Labels, Protocol, Selector } from "../snapshot/index.ts";
import type { PortInterval } from "./port-set.ts";
import { onlyProtocol, type PortsByProtocol } from "./ports-by-protocol.ts";
import { selects } from "./selector.ts";

export interface Tables {
  readonly selectors: SelectorTable;
  /** Equal ports are the same object, which makes their union quick. */
  readonly ports: (protocol: Protocol, interval: PortInterval) => PortsByProtocol;
}

/**
 * Every distinct selector of the policies has a number, and is evaluated once for each distinct set of labels.
 * All selectors must be numbered before labels are first asked about.
 */
interface SelectorTable {
  readonly numberOf: (selector: Selector) => number;
  /** By the selector's number: whether it selects an object with these labels. */
  readonly selectedBy: (labels: Labels) => readonly boolean[];
}

function createSelectorTable(): SelectorTable {
  const selectors: Selector[] = [];
  const numbers = new Map<string, number>();
  const answers = new Map<string, readonly boolean[]>();
  return {
    numberOf: (selector) => remember(numbers, JSON.stringify(selector), () => selectors.push(selector) - 1),
    selectedBy: (labels) =>
      remember(answers, labelsKey(labels), () => selectors.map((selector) => selects(selector, labels))),
  };
}

export function createTables(): Tables {
  const known = new Map<string, PortsByProtocol>();
  return {
    selectors: createSelectorTable(),
    ports: (protocol, interval) =>
      remember(known, `${protocol} ${interval.join("-")}`, () => onlyProtocol(protocol, [interval])),
  };
}

/** Equal sets of labels have equal keys, in whatever order the labels stand. */
export function labelsKey(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The value kept under the key, computed the first time. */
export function remember<Key, Value>(known: Map<Key, Value>, key: Key, compute: () => Value): Value {
  const found = known.get(key);
  if (found !== undefined) return found;
  const value = compute();
  known.set(key, value);
  return value;
}

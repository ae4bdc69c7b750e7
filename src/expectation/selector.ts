import type { Labels, Requirement, Selector } from "../snapshot/index.ts";

/** Whether all requirements hold for the labels. A selector without requirements selects every object. */
export function selects(selector: Selector, labels: Labels): boolean {
  return selector.every((requirement) => isMet(requirement, labels));
}

function isMet({ key, operator, values }: Requirement, labels: Labels): boolean {
  // A label may be called "constructor", and may have an empty value.
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      // "… and all resources with no labels with the key": an object without the key is selected.
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
  }
}

/**
 * Every distinct selector of the policies with a number, evaluated once for each distinct set of labels.
 * All selectors must be numbered before labels are first asked about.
 */
export interface SelectorTable {
  readonly numberOf: (selector: Selector) => number;
  /** By the selector's number: whether it selects an object with these labels. */
  readonly selectedBy: (labels: Labels) => readonly boolean[];
}

export function createSelectorTable(): SelectorTable {
  const selectors: Selector[] = [];
  const numbers = new Map<string, number>();
  const answers = new Map<string, readonly boolean[]>();
  return {
    numberOf: (selector) => remember(numbers, JSON.stringify(selector), () => selectors.push(selector) - 1),
    selectedBy: (labels) =>
      remember(answers, labelsKey(labels), () => selectors.map((selector) => selects(selector, labels))),
  };
}

/** Equal sets of labels have equal keys, in whatever order the labels stand. */
export function labelsKey(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function remember<Key, Value>(known: Map<Key, Value>, key: Key, compute: () => Value): Value {
  const found = known.get(key);
  if (found !== undefined) return found;
  const value = compute();
  known.set(key, value);
  return value;
}

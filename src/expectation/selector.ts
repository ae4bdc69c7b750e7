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

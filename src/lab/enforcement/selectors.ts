import { fieldsOf, itemsOf, textOf } from "../raw-json.ts";

export type Labels = Readonly<Record<string, string>>;

/** Whether a label selector selects an object with these labels. */
export type Selector = (labels: Labels) => boolean;

/** `{}` selects everything; all requirements are ANDed. Where an absent selector means something else, the caller sees to it. */
export function readSelector(raw: unknown): Selector {
  const { matchLabels, matchExpressions } = fieldsOf(raw);
  const requirements = [
    ...Object.entries(fieldsOf(matchLabels)).map(([key, value]) => hasOneOf(key, [value ?? ""])),
    ...itemsOf(matchExpressions).map(readExpression),
  ];
  return (labels) => requirements.every((isMet) => isMet(labels));
}

function readExpression(raw: unknown): Selector {
  const expression = fieldsOf(raw);
  const key = textOf(expression.key, "the key of a selector");
  const values = itemsOf(expression.values);
  switch (expression.operator) {
    case "In":
      return hasOneOf(key, values);
    // These two select objects that lack the key as well.
    case "NotIn":
      return not(hasOneOf(key, values));
    case "DoesNotExist":
      return not(has(key));
    case "Exists":
      return has(key);
  }
  throw new Error(`Cannot enforce a policy: a selector's operator is ${JSON.stringify(expression.operator)}`);
}

// Object.hasOwn, since "constructor" is a fine name for a label.
function has(key: string): Selector {
  return (labels) => Object.hasOwn(labels, key);
}

function hasOneOf(key: string, values: readonly unknown[]): Selector {
  return (labels) => Object.hasOwn(labels, key) && values.includes(labels[key]);
}

function not(selector: Selector): Selector {
  return (labels) => !selector(labels);
}

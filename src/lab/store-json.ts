/** Depth at which data counts as hostile; a NetworkPolicy has about ten levels. */
const DEEPEST = 200;

/** Data in another shape than JSON has, or deeper than an API object is. */
export class UnfitData extends Error {}

/**
 * A frozen copy of plain JSON data, without what JSON cannot carry. Copying is what keeps a caller's later change,
 * and the key `__proto__`, out of the store.
 */
export function frozenCopy(value: unknown, depth = 0): unknown {
  if (depth > DEEPEST) throw new UnfitData("exceeded max depth");
  if (Array.isArray(value)) return Object.freeze(value.map((item) => frozenCopy(item, depth + 1) ?? null));
  if (!isRecord(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) {
    if (key === "__proto__") throw new UnfitData('field name "__proto__" is not allowed');
    if (field !== undefined && typeof field !== "function") copy[key] = frozenCopy(field, depth + 1);
  }
  return Object.freeze(copy);
}

/** Whether two pieces of plain JSON data say the same; the order of fields does not matter. */
export function sameJson(left: unknown, right: unknown): boolean {
  if (Array.isArray(left)) {
    return Array.isArray(right) && left.length === right.length && left.every((item, i) => sameJson(item, right[i]));
  }
  if (!isRecord(left) || !isRecord(right)) return left === right;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every((key) => Object.hasOwn(right, key) && sameJson(left[key], right[key]));
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

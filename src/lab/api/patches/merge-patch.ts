import { isRecord } from "../../store-json.ts";

/** RFC 7396: null takes a field away, objects merge, everything else replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const merged: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = mergePatch(Object.hasOwn(merged, name) ? merged[name] : undefined, value);
  }
  return merged;
}

/**
 * Whether a strategic merge patch means what a plain merge patch means: it holds no directive, and no list that would
 * be merged item by item.
 */
export function isPlainMerge(patch: unknown, hasAtomicLists: boolean, path = ""): boolean {
  if (Array.isArray(patch)) return hasAtomicLists && path.startsWith("spec.");
  if (!isRecord(patch)) return true;
  return Object.entries(patch).every(([name, value]) => {
    const inside = path === "" ? name : `${path}.${name}`;
    return !name.startsWith("$") && isPlainMerge(value, hasAtomicLists, inside);
  });
}

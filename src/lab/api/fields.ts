import { isRecord } from "../store-json.ts";

/** What lies at a dotted path of raw JSON; undefined where any step is missing. */
export function at(value: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((found, step) => (isRecord(found) ? found[step] : undefined), value);
}

export function textAt(value: unknown, path: string): string | undefined {
  const found = at(value, path);
  return typeof found === "string" ? found : undefined;
}

export function numberAt(value: unknown, path: string): number | undefined {
  const found = at(value, path);
  return typeof found === "number" ? found : undefined;
}

export function recordAt(value: unknown, path: string): Readonly<Record<string, unknown>> {
  const found = at(value, path);
  return isRecord(found) ? found : {};
}

/** The objects of a list; an item that is none is passed over. */
export function recordsAt(value: unknown, path: string): readonly Readonly<Record<string, unknown>>[] {
  const found = at(value, path);
  return Array.isArray(found) ? found.filter(isRecord) : [];
}

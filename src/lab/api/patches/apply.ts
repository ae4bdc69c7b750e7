import { isRecord } from "../../store-json.ts";

type Fields = Record<string, unknown>;

/**
 * A simple server-side apply: what is applied is merged in, and what the same manager applied before and leaves out
 * now goes away. Lists are replaced as a whole, and managers never conflict.
 */
export function applyPatch(live: unknown, applied: unknown, before: unknown): unknown {
  if (!isRecord(applied)) return applied;
  const result = { ...(isRecord(live) ? withoutDropped(live, applied, before) : {}) };
  for (const [name, value] of Object.entries(applied)) {
    const fieldBefore = isRecord(before) ? before[name] : undefined;
    result[name] = applyPatch(Object.hasOwn(result, name) ? result[name] : undefined, value, fieldBefore);
  }
  return result;
}

function withoutDropped(live: Fields, applied: Fields, before: unknown): Fields {
  if (!isRecord(before)) return live;
  const result = { ...live };
  for (const [name, value] of Object.entries(before)) {
    if (Object.hasOwn(applied, name) || !Object.hasOwn(result, name)) continue;
    // What others put into the same object stays.
    const field = result[name];
    const rest = isRecord(field) && isRecord(value) ? withoutDropped(field, {}, value) : {};
    if (Object.keys(rest).length > 0) result[name] = rest;
    else delete result[name];
  }
  return result;
}

/** What each field manager applied last, by object. In memory, where a genuine server keeps `managedFields`. */
export class AppliedConfigurations {
  readonly #byObject = new Map<string, Map<string, unknown>>();

  get(uid: string, manager: string): unknown {
    return this.#byObject.get(uid)?.get(manager);
  }

  set(uid: string, manager: string, applied: unknown): void {
    const ofObject = this.#byObject.get(uid) ?? new Map<string, unknown>();
    this.#byObject.set(uid, ofObject.set(manager, applied));
  }

  forget(uid: string): void {
    this.#byObject.delete(uid);
  }
}

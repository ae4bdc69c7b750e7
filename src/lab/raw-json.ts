export type Fields = Readonly<Record<string, unknown>>;

/** The API leaves out what is empty and takes null for absent: both read as an object without fields. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

/** An absent, null or empty list is one and the same. */
export function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** For text that admission has let through. @throws on anything else, which is a bug of the lab */
export function textOf(value: unknown, what: string): string {
  if (typeof value === "string") return value;
  throw new Error(`Cannot enforce a policy: ${what} is ${JSON.stringify(value)}`);
}

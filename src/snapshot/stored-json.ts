import { isIP } from "node:net";
import { printable, UserError } from "../errors/index.ts";

/**
 * Reads JSON that an API server stored: what is absent or null is empty, fields that are not asked for are ignored, and
 * only a shape that cannot be understood throws. `path` names the value in the message.
 */
export function storedRecord(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw unreadable(path, "an object", value);
  return value as Readonly<Record<string, unknown>>;
}

export function storedList(value: unknown, path: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw unreadable(path, "a list", value);
  return value;
}

export function storedString(value: unknown, path: string): string {
  if (value === undefined || value === null) return "";
  if (typeof value !== "string") throw unreadable(path, "a string", value);
  return value;
}

export function storedName(value: unknown, path: string): string {
  const name = storedString(value, path);
  if (name === "") throw unreadable(path, "a name", value);
  return name;
}

export function storedPort(value: unknown, path: string): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > 65535) {
    throw unreadable(path, "a port", value);
  }
  return value;
}

export function storedStrings(value: unknown, path: string): readonly string[] {
  return storedList(value, path).map((item, index) => storedString(item, `${path}[${index}]`));
}

export function storedLabels(value: unknown, path: string): Readonly<Record<string, string>> {
  const entries = Object.entries(storedRecord(value, path));
  return Object.fromEntries(entries.map(([key, label]) => [key, storedString(label, `${path}[${key}]`)]));
}

export function storedOneOf<Word extends string>(value: unknown, path: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === value);
  if (found === undefined) throw unreadable(path, `one of ${words.map((word) => `"${word}"`).join(", ")}`, value);
  return found;
}

export function isAddress(text: string): boolean {
  return isIP(text) !== 0;
}

export function unreadable(path: string, expected: string, found: unknown): UserError {
  const shown = printable(JSON.stringify(found) ?? "nothing", 100);
  return new UserError("OBJECT_UNREADABLE", `Cannot read ${printable(path)}: expected ${expected}, found ${shown}`);
}

import type { RunRecord } from "./record.ts";

/** The record as JSON, an item of a list on each line: written as a stream, and kind to diff and grep. */
export function* renderJson(record: RunRecord): Iterable<string> {
  let separator = "{\n";
  for (const [name, value] of Object.entries(record)) {
    yield `${separator}${JSON.stringify(name)}: `;
    if (Array.isArray(value) && value.length > 0) yield* renderList(value);
    else yield JSON.stringify(value);
    separator = ",\n";
  }
  yield "\n}\n";
}

function* renderList(items: readonly unknown[]): Iterable<string> {
  let separator = "[\n";
  for (const item of items) {
    yield `${separator}${JSON.stringify(item)}`;
    separator = ",\n";
  }
  yield "\n]";
}

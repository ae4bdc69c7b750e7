import { printable, UserError } from "../errors/index.ts";
import type { Place } from "./model.ts";

/** One thing that is wrong in a file. `path` is the field as the API server writes it, empty for the file itself. */
export interface ManifestProblem {
  readonly place: Place;
  readonly path: string;
  readonly reason: string;
  readonly hint?: string;
}

const SHOWN = 20;

/** All problems as one error, a line for each, in the order of the files and of their lines. */
export function manifestError(problems: readonly ManifestProblem[], fileNames: readonly string[]): UserError {
  const order = new Map([...fileNames.entries()].reverse().map(([index, name]) => [name, index]));
  const sorted = problems.toSorted(
    ({ place: left }, { place: right }) =>
      (order.get(left.file) ?? 0) - (order.get(right.file) ?? 0) ||
      left.line - right.line ||
      left.column - right.column,
  );
  const lines = sorted.slice(0, SHOWN).flatMap(renderProblem);
  const rest = sorted.length - SHOWN;
  const message = rest > 0 ? [...lines, `and ${rest} more`] : lines;
  return new UserError("MANIFEST_INVALID", message.join("\n"), { kind: "usage", cause: sorted });
}

export function showPlace({ file, line, column }: Place): string {
  return `${printable(file)}:${line}:${column}`;
}

function renderProblem({ place, path, reason, hint }: ManifestProblem): readonly string[] {
  const line = [showPlace(place), ...(path === "" ? [] : [printable(path, 300)]), printable(reason)].join(": ");
  return hint === undefined ? [line] : [line, `    hint: ${printable(hint)}`];
}

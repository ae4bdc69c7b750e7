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

/**
 * The first problems, in the order of the files and of their lines, as one error with a line for each; `cause` holds them as
 * data.
 */
export function manifestError(problems: readonly ManifestProblem[], fileNames: readonly string[]): UserError {
  const order = new Map([...fileNames.entries()].reverse().map(([index, name]) => [name, index]));
  const sorted = problems.toSorted(
    ({ place: left }, { place: right }) =>
      (order.get(left.file) ?? 0) - (order.get(right.file) ?? 0) ||
      left.line - right.line ||
      left.column - right.column,
  );
  const shown = sorted.slice(0, SHOWN);
  const lines = shown.flatMap(renderProblem);
  const rest = sorted.length - shown.length;
  const message = rest > 0 ? [...lines, `and ${rest} more`] : lines;
  return new UserError("MANIFEST_INVALID", message.join("\n"), { kind: "usage", cause: shown });
}

export function showPlace({ file, line, column }: Place): string {
  return `${printable(file)}:${line}:${column}`;
}

function renderProblem({ place, path, reason, hint }: ManifestProblem): readonly string[] {
  const line = [showPlace(place), ...(path === "" ? [] : [printable(path, 300)]), printable(reason)].join(": ");
  return hint === undefined ? [line] : [line, `    hint: ${printable(hint)}`];
}

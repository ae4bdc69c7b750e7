import { LineCounter } from "yaml";
import { Cursor, type CursorSource, TEMPLATE_HINT } from "./cursor.ts";
import { readJsonStream } from "./json-stream.ts";
import type { Located } from "./located.ts";
import { type Expansion, locate } from "./located-yaml.ts";
import type { Place } from "./model.ts";
import type { ManifestProblem } from "./problems.ts";
import { readYamlStream, type SyntaxFault } from "./yaml-stream.ts";

/** A file as its caller read it; `name` is what messages call it. */
export interface TextFile {
  readonly name: string;
  readonly text: string;
}

/** What reading has found so far, over all files. */
export interface Findings {
  readonly problems: ManifestProblem[];
  readonly warnings: { readonly place: Place; readonly message: string }[];
}

/** The YAML parser reads about 1.5 MB a second, and binary data without a word. */
const MAX_YAML_LENGTH = 8 * 1024 * 1024;
const MAX_JSON_LENGTH = 64 * 1024 * 1024;

/** The documents of a YAML or JSON file that hold anything, as cursors; what is wrong goes into the findings. */
export function readDocuments(file: TextFile, findings: Findings): readonly Cursor[] {
  const text = file.text.replace(/^\uFEFF/, "");
  const lines = new LineCounter();
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file: file.name, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const { roots, faults } = readText(text, lines);
  for (const { offset, ...fault } of faults) findings.problems.push({ place: placeAt(offset), path: "", ...fault });
  const source: CursorSource = { placeAt, problems: findings.problems, warnings: findings.warnings };
  return roots.map((root) => new Cursor(source, root)).filter((cursor) => !cursor.isNull);
}

interface Reading {
  readonly roots: readonly Located[];
  readonly faults: readonly SyntaxFault[];
}

function readText(text: string, lines: LineCounter): Reading {
  const unreadable = findUnreadable(text);
  const json = unreadable === undefined && text.length <= MAX_JSON_LENGTH ? readJsonStream(text) : undefined;
  if (json === undefined && unreadable === undefined && text.length <= MAX_YAML_LENGTH) return readYaml(text, lines);
  countLines(text, lines);
  if (json !== undefined) return json.faults.length === 0 ? json : { roots: [], faults: json.faults };
  const tooLong = { offset: 0, reason: `longer than ${MAX_YAML_LENGTH} characters`, hint: "split the file" };
  return { roots: [], faults: [unreadable ?? tooLong] };
}

function readYaml(text: string, lines: LineCounter): Reading {
  const { documents, faults } = readYamlStream(text, lines);
  const expansion: Expansion = { nodes: 0 };
  const located = documents.map((document) => locate(document, expansion));
  const all = [...faults, ...located.flatMap((document) => document.faults)];
  const sound = located.filter((document) => document.faults.length === 0);
  return { roots: sound.map(({ root }) => root), faults: explainTemplates(all, text) };
}

function findUnreadable(text: string): SyntaxFault | undefined {
  const nul = text.indexOf("\0");
  if (nul >= 0) return { offset: nul, reason: "holds a NUL byte, so it is not a text file", hint: UTF8_HINT };
  const replacement = text.indexOf("\uFFFD");
  return replacement < 0 ? undefined : { offset: replacement, reason: "not valid UTF-8", hint: UTF8_HINT };
}

const UTF8_HINT = "save the file as UTF-8";

function countLines(text: string, lines: LineCounter): void {
  lines.addNewLine(0);
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines.addNewLine(at + 1);
}

/**
 * A template of Helm is mostly broken YAML, and the parser's complaints about it help nobody: if `{{` stands where the
 * first fault is found, that alone is said, and if it stands further up, it is a hint.
 */
function explainTemplates(faults: readonly SyntaxFault[], text: string): readonly SyntaxFault[] {
  const [first, ...others] = faults.toSorted((left, right) => left.offset - right.offset);
  if (first === undefined) return [];
  const lineStart = text.lastIndexOf("\n", first.offset - 1) + 1;
  const lineEnd = text.indexOf("\n", first.offset);
  const line = text.slice(lineStart, lineEnd < 0 ? text.length : lineEnd);
  const column = findTemplate(line);
  if (column !== undefined) {
    return [{ offset: lineStart + column, reason: '"{{" begins a template, which is not YAML', hint: TEMPLATE_HINT }];
  }
  const isBehindTemplate = text
    .slice(0, lineStart)
    .split("\n")
    .some((above) => findTemplate(above) !== undefined);
  return isBehindTemplate ? [{ ...first, hint: TEMPLATE_HINT }] : [first, ...others];
}

/** Where `{{` stands in a line outside of quotes and comments. */
function findTemplate(line: string): number | undefined {
  const bare = line.replace(/(?<!\w)"(?:[^"\\]|\\.)*"?|(?<!\w)'[^']*'?|(?:^|\s)#.*/g, (quoted) =>
    " ".repeat(quoted.length),
  );
  const at = bare.indexOf("{{");
  return at < 0 ? undefined : at;
}

import type { Paint } from "./paint.ts";
import type { RecordedConnection, RunRecord } from "./record.ts";

const LABEL_WIDTH = 34;
const CELL_WIDTH = 3;

/** Sources down, destinations across, one mark for everything that was tried between two ends. */
export function* renderMatrix(record: RunRecord, width: number, paint: Paint): Iterable<string> {
  const cells = new Map<string, RecordedConnection[]>();
  const names = new Set<string>();
  for (const connection of record.connections) {
    if (connection.purpose !== "policies") continue;
    const key = `${connection.source}\n${connection.destination}`;
    const own = cells.get(key);
    if (own === undefined) cells.set(key, [connection]);
    else own.push(connection);
    names.add(connection.source).add(connection.destination);
  }
  const total = names.size;
  const fits = Math.max(1, Math.floor((width - LABEL_WIDTH) / CELL_WIDTH));
  const shown = [...record.classes.map(({ id }) => id).filter((id) => names.delete(id)), ...names].slice(0, fits);
  if (shown.length === 0) return;
  yield `\n${paint.heading("Matrix")}: rows connect to columns; + open, - blocked, p open on some ports, X wrong, ? not judged, u left open by the API\n`;
  yield `${" ".repeat(LABEL_WIDTH)}${shown.map((_, index) => String(index + 1).padStart(CELL_WIDTH)).join("")}\n`;
  for (const [index, source] of shown.entries()) {
    const label = `${String(index + 1).padStart(3)} ${cut(source, LABEL_WIDTH - 5)}`.padEnd(LABEL_WIDTH);
    const marks = shown.map((destination) => mark(cells.get(`${source}\n${destination}`) ?? [], paint));
    yield `${label}${marks.join("")}\n`;
  }
  if (total > shown.length)
    yield `  … and ${total - shown.length} more ends (a wider terminal shows more, -o json all)\n`;
}

function mark(connections: readonly RecordedConnection[], paint: Paint): string {
  const has = (test: (connection: RecordedConnection) => boolean): boolean => connections.some(test);
  const pad = (symbol: string): string => symbol.padStart(CELL_WIDTH);
  if (connections.length === 0) return pad(" ");
  if (has(({ verdict }) => verdict === "leaks" || verdict === "overblocks")) return paint.bad(pad("X"));
  if (has(({ verdict }) => verdict === "inconclusive")) return paint.unsure(pad("?"));
  const opens = has(({ expectation }) => expectation === "allow");
  const blocks = has(({ expectation }) => expectation === "deny");
  if (opens && blocks) return pad("p");
  if (opens) return pad("+");
  return blocks ? pad("-") : pad("u");
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

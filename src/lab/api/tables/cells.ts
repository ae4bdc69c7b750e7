import { recordAt, recordsAt, textAt } from "../fields.ts";

/** What a cell shows is text, but for the few counts that a genuine server sends as numbers. */
export interface Column {
  readonly name: string;
  /** Shown with `-o wide` only. */
  readonly isWide?: boolean;
  readonly cell: (object: object, now: Date) => string | number;
}

export const NAME: Column = { name: "Name", cell: (object) => textAt(object, "metadata.name") ?? "" };
export const AGE: Column = {
  name: "Age",
  cell: (object, now) => since(textAt(object, "metadata.creationTimestamp"), now),
};

export function wide(name: string, cell: Column["cell"]): Column {
  return { name, isWide: true, cell };
}

/** How long ago that was, as precisely as kubectl wants to know. */
export function since(time: string | undefined, now: Date): string {
  return time === undefined ? "<unknown>" : humanDuration(now.getTime() - Date.parse(time));
}

/** The units shrink as the time grows, at the same marks as on a genuine server. */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000);
  const minutes = Math.trunc(seconds / 60);
  const hours = Math.trunc(minutes / 60);
  const days = Math.trunc(hours / 24);
  const years = Math.trunc(days / 365);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return `${seconds}s`;
  if (minutes < 10) return both(`${minutes}m`, seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  if (hours < 8) return both(`${hours}h`, minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  if (days < 8) return both(`${days}d`, hours % 24, "h");
  if (years < 2) return `${days}d`;
  if (years < 8) return both(`${years}y`, days % 365, "d");
  return `${years}y`;
}

function both(first: string, rest: number, unit: string): string {
  return rest === 0 ? first : `${first}${rest}${unit}`;
}

export function labelsText(labels: Readonly<Record<string, unknown>>): string {
  return Object.keys(labels).length === 0 ? "<none>" : labelTerms(labels).sort().join(",");
}

function labelTerms(labels: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(labels).map(([key, value]) => `${key}=${value}`);
}

/** `app=db,tier in (back,middle)`, in the order of the keys. */
export function selectorText(selector: unknown): string {
  const expressions = recordsAt({ selector }, "selector.matchExpressions").map(({ key, operator, values }) => {
    const list = Array.isArray(values) ? `(${[...values].map(String).sort().join(",")})` : "()";
    const word = { In: `${key} in ${list}`, NotIn: `${key} notin ${list}`, Exists: `${key}`, DoesNotExist: `!${key}` };
    return [String(key), word[String(operator) as keyof typeof word] ?? ""] as const;
  });
  const labels = Object.entries(recordAt({ selector }, "selector.matchLabels"));
  const terms = [...labels.map(([key, value]) => [key, `${key}=${value}`] as const), ...expressions];
  const inOrder = terms.sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));
  return inOrder.map(([, text]) => text).join(",") || "<none>";
}

/** `8080,9000 + 2 more...` */
export function listText(all: readonly string[]): string {
  const most = 3;
  if (all.length === 0) return "<unset>";
  const more = all.length > most ? ` + ${all.length - most} more...` : "";
  return `${all.slice(0, most).join(",")}${more}`;
}

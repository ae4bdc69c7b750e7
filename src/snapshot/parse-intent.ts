import { isIP } from "node:net";
import { checkSelector } from "./check-selector.ts";
import { canonicalCidr, cidrObjection } from "./cidr-syntax.ts";
import type { Cursor } from "./cursor.ts";
import { toJson } from "./located.ts";
import { type Place, PROTOCOLS, type Protocol, type Selector } from "./model.ts";
import { dnsLabelObjections, portNameObjections, subdomainObjections } from "./name-syntax.ts";
import { type ManifestProblem, manifestError } from "./problems.ts";
import { type Findings, readDocuments, type TextFile } from "./read-documents.ts";
import { parseSelector } from "./stored-policy.ts";

/** What must and must not connect, as the user wrote it down. */
export interface Intent {
  readonly lines: readonly IntentLine[];
}

export interface IntentLine {
  readonly must: "connect" | "not-connect";
  readonly from: IntentEnd;
  readonly to: IntentEnd;
  /** Absent, in a line about what must not connect: nothing at all may be open. */
  readonly port?: IntentPort;
  readonly place: Place;
}

/** Each with the words that the user gave it. A selector that is absent selects everything. */
export type IntentEnd = { readonly text: string; readonly place: Place } & (
  | { readonly kind: "workload"; readonly namespace: string; readonly name: string }
  | { readonly kind: "namespace"; readonly namespace: string }
  | { readonly kind: "everything" }
  | { readonly kind: "cidr"; readonly cidr: string }
  | { readonly kind: "selectors"; readonly namespaceSelector: Selector; readonly podSelector: Selector }
);

export type IntentPort = { readonly text: string } & (
  | { readonly kind: "range"; readonly protocol: Protocol; readonly from: number; readonly to: number }
  | { readonly kind: "name"; readonly name: string }
);

const API_VERSION = "netproof.dev/v1";
const FORMS =
  'write "namespace/workload", "namespace/*", "*", a CIDR, or an object with namespaceSelector and podSelector';
const PORT_FORMS = 'write "5432/TCP", "9000-9010/TCP", or the name of a port';

const NOTHING = {
  reason: "requires nothing",
  hint: 'list under "deny" what must not connect, and under "allow" what must',
};

/** Reads files of kind Intent. Throws a UserError that lists everything that is wrong in them. */
export function parseIntent(files: readonly TextFile[]): Intent {
  const findings: Findings = { problems: [], warnings: [] };
  const lines = files.flatMap((file) => {
    const documents = readDocuments(file, findings);
    if (documents.length === 0) findings.problems.push(nothingIn(file));
    return documents.flatMap(readDocument);
  });
  if (findings.problems.length > 0) {
    throw manifestError(
      findings.problems,
      files.map(({ name }) => name),
    );
  }
  return { lines };
}

function nothingIn({ name }: TextFile): ManifestProblem {
  return { place: { file: name, line: 1, column: 1 }, path: "", ...NOTHING };
}

function readDocument(cursor: Cursor): readonly IntentLine[] {
  const fields = cursor.expectFields(["apiVersion", "kind", "metadata", "deny", "allow"]);
  if (fields === undefined) return [];
  if (fields.apiVersion?.expectString() !== API_VERSION || fields.kind?.expectString() !== "Intent") {
    cursor.problem("expected an Intent", { hint: `begin with "apiVersion: ${API_VERSION}" and "kind: Intent"` });
    return [];
  }
  if (isEmpty(fields.deny) && isEmpty(fields.allow)) cursor.problem(NOTHING.reason, NOTHING);
  return [...readLines(fields.deny, "not-connect"), ...readLines(fields.allow, "connect")];
}

function isEmpty(list: Cursor | undefined): boolean {
  return list === undefined || (list.node.kind === "list" && list.node.items.length === 0);
}

function readLines(cursor: Cursor | undefined, must: IntentLine["must"]): readonly IntentLine[] {
  return (cursor?.expectList() ?? []).flatMap((line) => {
    const fields = line.expectFields(["from", "to", "port"]);
    if (fields === undefined) return [];
    const from = readEnd(fields.from, line, "from");
    const to = readEnd(fields.to, line, "to");
    const port = fields.port && readPort(fields.port);
    if (must === "connect" && fields.port === undefined) {
      line.problem("Required value: what must connect does so on a port", { field: "port", hint: PORT_FORMS });
    }
    if (from === undefined || to === undefined) return [];
    if (from.kind === "cidr" && to.kind === "cidr") line.problem("one end must be inside the cluster", { hint: FORMS });
    return [{ must, from, to, ...(port === undefined ? {} : { port }), place: line.place }];
  });
}

function readEnd(cursor: Cursor | undefined, line: Cursor, field: string): IntentEnd | undefined {
  if (cursor === undefined) {
    line.problem("Required value", { field, hint: FORMS });
    return undefined;
  }
  if (cursor.node.kind === "map") return readSelectors(cursor);
  const text = cursor.expectString();
  if (text === undefined) return undefined;
  const at = { text, place: cursor.place };
  if (text === "*") return { ...at, kind: "everything" };
  const slash = text.indexOf("/");
  const [namespace, name] = [text.slice(0, Math.max(slash, 0)), text.slice(slash + 1)];
  if (isIP(namespace) !== 0) return readCidr(cursor, text);
  if (dnsLabelObjections(namespace).length > 0 || (name !== "*" && subdomainObjections(name).length > 0)) {
    cursor.problem(`Invalid value: ${JSON.stringify(text)}`, { hint: FORMS });
    return undefined;
  }
  return name === "*" ? { ...at, kind: "namespace", namespace } : { ...at, kind: "workload", namespace, name };
}

function readCidr(cursor: Cursor, text: string): IntentEnd | undefined {
  const objection = cidrObjection(text);
  const cidr = canonicalCidr(text);
  if (objection === undefined && cidr !== undefined) return { text, place: cursor.place, kind: "cidr", cidr };
  cursor.problem(`Invalid value: ${JSON.stringify(text)}: ${objection ?? "no CIDR"}`);
  return undefined;
}

function readSelectors(cursor: Cursor): IntentEnd | undefined {
  const fields = cursor.expectFields(["namespaceSelector", "podSelector"]);
  if (fields === undefined) return undefined;
  if (fields.namespaceSelector) checkSelector(fields.namespaceSelector);
  if (fields.podSelector) checkSelector(fields.podSelector);
  const json = toJson(cursor.node) as { namespaceSelector?: unknown; podSelector?: unknown };
  return {
    text: JSON.stringify(json),
    place: cursor.place,
    kind: "selectors",
    namespaceSelector: readSelector(json.namespaceSelector, cursor.path),
    podSelector: readSelector(json.podSelector, cursor.path),
  };
}

/** What is wrong with it has been said already. */
function readSelector(value: unknown, path: string): Selector {
  try {
    return parseSelector(value, path);
  } catch {
    return [];
  }
}

function readPort(cursor: Cursor): IntentPort | undefined {
  if (cursor.node.kind === "scalar" && typeof cursor.node.value === "number") {
    cursor.problem(`Invalid value: ${cursor.node.value}`, { hint: `write "${cursor.node.value}/TCP"` });
    return undefined;
  }
  const text = cursor.expectString();
  if (text === undefined) return undefined;
  const match = /^(\d{1,5})(?:-(\d{1,5}))?\/([A-Z]+)$/.exec(text);
  const protocol = PROTOCOLS.find((known) => known === match?.[3]);
  const from = Number(match?.[1]);
  const to = Number(match?.[2] ?? match?.[1]);
  if (protocol !== undefined && from >= 1 && from <= to && to <= 65_535)
    return { text, kind: "range", protocol, from, to };
  if (match === null && portNameObjections(text).length === 0) return { text, kind: "name", name: text };
  cursor.problem(`Invalid value: ${JSON.stringify(text)}`, { hint: PORT_FORMS });
  return undefined;
}

import type { Cursor } from "./cursor.ts";
import type { Labels } from "./model.ts";
import { dnsLabelObjections, labelKeyObjections, labelValueObjections, subdomainObjections } from "./name-syntax.ts";
import { hintWord } from "./nearest-word.ts";

export interface ObjectMeta {
  /** What `generateName` gives where no name is; undefined after a problem. */
  readonly name: string | undefined;
  /** Empty if it is absent. */
  readonly namespace: string;
  readonly labels: Labels;
  readonly annotations: Readonly<Record<string, string>>;
  /** Where the name stands, or what should hold it; absent for a generated name, which never clashes. */
  readonly namedAt?: Cursor;
}

const FIELDS = [
  "annotations",
  "creationTimestamp",
  "deletionGracePeriodSeconds",
  "deletionTimestamp",
  "finalizers",
  "generateName",
  "generation",
  "labels",
  "managedFields",
  "name",
  "namespace",
  "ownerReferences",
  "resourceVersion",
  "selfLink",
  "uid",
] as const;

/** Checks `metadata` of an object; `at` is the object itself, where a missing name is reported. */
export function checkObjectMeta(
  metadata: Cursor | undefined,
  at: Cursor,
  nameObjections: (name: string) => readonly string[] = subdomainObjections,
): ObjectMeta {
  const fields = metadata?.expectFields(FIELDS);
  const namespace = fields?.namespace?.expectString() ?? "";
  if (fields?.namespace && namespace !== "") {
    for (const objection of dnsLabelObjections(namespace)) invalid(fields.namespace, namespace, objection);
  }
  const common = {
    namespace,
    labels: fields?.labels ? checkLabels(fields.labels) : {},
    annotations: fields?.annotations ? checkAnnotations(fields.annotations) : {},
  };
  if (metadata !== undefined && fields === undefined) return { ...common, name: undefined };
  if (fields?.name === undefined && fields?.generateName)
    return { ...common, name: fields.generateName.expectString() };
  const name = fields?.name === undefined ? "" : fields.name.expectString();
  if (name === undefined) return { ...common, name };
  const namedAt = fields?.name ?? metadata ?? at;
  if (name === "") {
    at.problem("Required value: name or generateName is required", { field: "metadata.name", at: namedAt });
  } else {
    for (const objection of nameObjections(name)) invalid(namedAt, name, objection);
  }
  return { ...common, name, namedAt };
}

/** The labels of a pod template, whose `metadata` needs no name. */
export function checkTemplateLabels(template: Cursor): Labels {
  const metadata = template.expectFields(["metadata"], { others: "ignored" })?.metadata;
  const labels = metadata?.expectFields(FIELDS)?.labels;
  return labels === undefined ? {} : checkLabels(labels);
}

/** Keys and values of labels, with the paths of the API server: it names the whole map. */
export function checkLabels(cursor: Cursor): Labels {
  const labels: [string, string][] = [];
  for (const [key, at] of cursor.expectMap() ?? []) {
    for (const objection of labelKeyObjections(key)) invalid(cursor, key, objection, at.key);
    const value = at.expectString();
    if (value === undefined) continue;
    if (at.isNull) at.warn('null is stored as the empty value ""');
    for (const objection of labelValueObjections(value)) invalid(cursor, value, objection, at);
    labels.push([key, value]);
  }
  return Object.fromEntries(labels);
}

/** Reports a value in the words of the API server. */
export function invalid(cursor: Cursor, value: string | number, objection: string, at: Cursor = cursor): void {
  cursor.problem(`Invalid value: ${JSON.stringify(value)}: ${objection}`, { at });
}

function checkAnnotations(cursor: Cursor): Readonly<Record<string, string>> {
  const annotations: [string, string][] = [];
  for (const [key, at] of cursor.expectMap() ?? []) {
    for (const objection of labelKeyObjections(key.toLowerCase())) invalid(cursor, key, objection, at.key);
    const value = at.expectString();
    if (value !== undefined) annotations.push([key, value]);
  }
  return Object.fromEntries(annotations);
}

/** One of the words; any other is reported in the words of the API server. */
export function checkWord<Word extends string>(cursor: Cursor, words: readonly Word[]): Word | undefined {
  const typed = cursor.expectString();
  const word = words.find((candidate) => candidate === typed);
  if (typed === undefined || word !== undefined) return word;
  const supported = words.map((candidate) => `"${candidate}"`).join(", ");
  const reason = `Unsupported value: ${JSON.stringify(typed)}: supported values: ${supported}`;
  cursor.problem(reason, { hint: hintWord(typed, words) });
  return undefined;
}

import { isRecord, sameJson } from "../../store-json.ts";
import { type ApiTypes, resolved, type Schema } from "../schemas/types.ts";
import { badRequest, StatusError } from "../status.ts";
import { inGivenOrder, keyOf, type List, ofKey } from "./element-order.ts";

type Fields = Readonly<Record<string, unknown>>;

/** How a list is merged: `key` is absent for lists of texts. */
interface Merging {
  readonly key: string | undefined;
  readonly item: Schema;
}

const DIRECTIVE = "$patch";
const RETAIN = "$retainKeys";
const DELETE_FROM = "$deleteFromPrimitiveList/";
const ORDER = "$setElementOrder/";

/** Merges as a genuine server does: lists item by item where the type says so, by the key that it names. */
export function strategicMerge(target: object, patch: unknown, schema: Schema, types: ApiTypes): object {
  if (!isRecord(patch)) {
    throw badRequest(
      `json: cannot unmarshal ${Array.isArray(patch) ? "array" : typeof patch} into Go value of type map[string]interface {}`,
    );
  }
  return mergeFields(target as Fields, patch, schema, types);
}

function mergeFields(target: Fields, patch: Fields, given: Schema, types: ApiTypes): Fields {
  if (DIRECTIVE in patch) return directed(patch);
  const { schema } = resolved(given, types);
  const merged: Record<string, unknown> = { ...retained(target, patch) };
  for (const [name, values] of listsBehind(DELETE_FROM, patch)) {
    merged[name] = listOf(merged[name]).filter((value) => !values.includes(value));
  }
  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith("$")) continue;
    const before = Object.hasOwn(merged, name) ? merged[name] : undefined;
    const of = schema.properties?.[name] ?? schema.additionalProperties ?? {};
    const after = value === null ? undefined : mergeValue(before, value, of, types);
    if (after === undefined) delete merged[name];
    else merged[name] = after;
  }
  for (const [name, order] of listsBehind(ORDER, patch)) {
    const key = merging(schema.properties?.[name] ?? {})?.key;
    if (merged[name] !== undefined) {
      merged[name] = inGivenOrder(listOf(merged[name]), { order, before: listOf(target[name]), key });
    }
  }
  return merged;
}

/** The lists of one directive, by the field that they are about. */
function listsBehind(directive: string, patch: Fields): readonly (readonly [string, List])[] {
  return Object.entries(patch).flatMap(([word, list]) =>
    word.startsWith(directive) ? [[word.slice(directive.length), listOf(list)] as const] : [],
  );
}

function mergeValue(before: unknown, value: unknown, schema: Schema, types: ApiTypes): unknown {
  const isReplaced = schema["x-kubernetes-patch-strategy"]?.split(",").includes("replace") === true;
  if (isRecord(before) && isRecord(value)) return isReplaced ? value : mergeFields(before, value, schema, types);
  if (!Array.isArray(before) || !Array.isArray(value)) return withoutDirectives(value);
  const how = merging(schema);
  // A list that is one whole knows no directives: in its items they are fields that the type does not have.
  if (how === undefined) return value.map(withoutWords);
  if (how.key === undefined) return joined(before, value);
  return mergeItems(before, value, { ...how, key: how.key }, types);
}

function joined(before: List, values: List): List {
  return inGivenOrder([...new Set([...before, ...values])], { order: values, before, key: undefined });
}

function merging(schema: Schema): Merging | undefined {
  const isMerged = schema["x-kubernetes-patch-strategy"]?.split(",").includes("merge") === true;
  return isMerged ? { key: schema["x-kubernetes-patch-merge-key"], item: schema.items ?? {} } : undefined;
}

function mergeItems(
  before: List,
  patch: List,
  { key, item }: Merging & { readonly key: string },
  types: ApiTypes,
): List {
  const items = patch.map((one) => (isRecord(one) ? one : {}));
  const marked = items.filter((one) => DIRECTIVE in one);
  const plain = items.filter((one) => !(DIRECTIVE in one));
  for (const one of marked) {
    if (one[DIRECTIVE] === "delete") requireKey(one, key);
    else if (one[DIRECTIVE] !== "replace") throw unknownDirective(one);
  }
  if (marked.some((one) => one[DIRECTIVE] === "replace")) return plain;
  const kept = before.filter((one) => !marked.some((gone) => sameJson(keyOf(one, key), gone[key])));
  const merged: unknown[] = [...kept];
  for (const one of plain) {
    requireKey(one, key);
    const place = merged.findIndex((other) => sameJson(keyOf(other, key), one[key]));
    const old = merged[place];
    if (isRecord(old)) merged[place] = mergeFields(old, one, item, types);
    else merged.push(withoutDirectives(one));
  }
  return inGivenOrder(merged, { order: plain, before: kept, key });
}

function requireKey(item: Fields, key: string): void {
  if (ofKey(item, key) !== undefined) return;
  throw failed(`map: ${goMap(item)} does not contain declared merge key: ${key}`);
}

function directed(patch: Fields): Fields {
  const { [DIRECTIVE]: directive, ...fields } = patch;
  if (directive === "replace") return fields;
  if (directive === "delete") return {};
  throw unknownDirective(patch);
}

function retained(target: Fields, patch: Fields): Fields {
  const keys = patch[RETAIN];
  if (!Array.isArray(keys)) return target;
  return Object.fromEntries(Object.entries(target).filter(([name]) => keys.includes(name)));
}

/** What is new comes without the words that speak of what was there before, and without nulls. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.filter((item) => !(isRecord(item) && DIRECTIVE in item)).map(withoutDirectives);
  }
  if (!isRecord(value)) return value;
  const fields = Object.entries(value).filter(([name, inner]) => !name.startsWith("$") && inner !== null);
  return Object.fromEntries(fields.map(([name, inner]) => [name, withoutDirectives(inner)]));
}

function withoutWords(item: unknown): unknown {
  if (!isRecord(item)) return item;
  return Object.fromEntries(Object.entries(item).filter(([name]) => !name.startsWith("$")));
}

function listOf(value: unknown): List {
  return Array.isArray(value) ? value : [];
}

function unknownDirective(patch: Fields): StatusError {
  return failed(`unknown patch type: ${patch[DIRECTIVE]} in map: ${goMap(patch)}`);
}

/** A genuine server has no better answer to these than an internal error. */
function failed(message: string): StatusError {
  return new StatusError(500, "", message);
}

/** As Go prints a map. */
function goMap(fields: Fields): string {
  const entries = Object.entries(fields).sort(([left], [right]) => (left < right ? -1 : 1));
  return `map[${entries.map(([name, value]) => `${name}:${isRecord(value) ? goMap(value) : value}`).join(" ")}]`;
}

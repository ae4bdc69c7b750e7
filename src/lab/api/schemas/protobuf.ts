import { badRequest } from "../status.ts";
import {
  type ApiTypes,
  type GroupVersionKind,
  type NamedSchema,
  resolved,
  type Schema,
  schemaOfKind,
} from "./types.ts";
import { bytesOf, integerOf, MalformedMessage, readFields, textOf, type WireField } from "./wire.ts";

// Typed clients, as kubectl is for some of its commands, send protobuf and do not ask whether the server reads it.

export const PROTOBUF = "application/vnd.kubernetes.protobuf";
const MAGIC = Buffer.from("k8s\0");
const ENVELOPE = { type: 1, raw: 2 };
const TYPE = { apiVersion: 1, kind: 2 };
const DEEPEST = 100;

/** The object in a body of protobuf, as the JSON that a client might have sent instead. */
export function decodeProtobuf(body: Uint8Array, types: ApiTypes): object {
  try {
    if (!MAGIC.equals(body.subarray(0, MAGIC.length))) throw new MalformedMessage("it does not begin as one");
    const envelope = readFields(body.subarray(MAGIC.length));
    const find = (number: number) => envelope.find((field) => field.number === number);
    const type = readFields(bytesOf(find(ENVELOPE.type) ?? empty(ENVELOPE.type)));
    const word = (number: number) => textOf(type.find((field) => field.number === number) ?? empty(number));
    const [apiVersion, kind] = [word(TYPE.apiVersion), word(TYPE.kind)];
    const of = schemaOfKind(readKind(apiVersion, kind), types);
    if (of === undefined) throw badRequest(`no kind "${kind}" is registered for version "${apiVersion}"`);
    return { kind, apiVersion, ...decodeMessage(bytesOf(find(ENVELOPE.raw) ?? empty(ENVELOPE.raw)), of, types, 0) };
  } catch (error) {
    if (error instanceof MalformedMessage) throw badRequest(`the body is no protobuf of an object: ${error.message}`);
    throw error;
  }
}

function empty(number: number): WireField {
  return { number, value: new Uint8Array() };
}

function readKind(apiVersion: string, kind: string): GroupVersionKind {
  const [version = "", group = ""] = apiVersion.split("/").reverse();
  return { group, version, kind };
}

interface Target {
  readonly result: Record<string, unknown>;
  readonly schema: Schema;
  readonly numbers: readonly string[];
}

function decodeMessage(bytes: Uint8Array, { name, schema }: NamedSchema, types: ApiTypes, depth: number): object {
  const result: Record<string, unknown> = {};
  const numbers = types.fieldNumbers[name ?? ""] ?? [];
  decodeInto({ result, schema, numbers }, bytes, types, depth);
  return result;
}

function decodeInto({ result, schema, numbers }: Target, bytes: Uint8Array, types: ApiTypes, depth: number): void {
  if (depth > DEEPEST) throw new MalformedMessage("exceeded max depth");
  for (const field of readFields(bytes)) {
    const word = numbers[field.number - 1] ?? "";
    if (word.startsWith("<")) {
      const inner = { result, schema, numbers: types.fieldNumbers[word.slice(1)] ?? [] };
      decodeInto(inner, bytesOf(field), types, depth + 1);
      continue;
    }
    const name = word.replace("*", "");
    const property = schema.properties?.[name];
    // A genuine server passes over what it does not know, too.
    if (property === undefined) continue;
    const value = decodeField(field, { before: result[name], property }, types, depth);
    // Only behind a pointer is zero something that somebody said.
    const isUnsaid = value === undefined || (!word.endsWith("*") && [0, "", false].includes(value as never));
    if (!isUnsaid) result[name] = value;
  }
}

interface Slot {
  /** What earlier fields of the same number have come to: lists and maps are written entry by entry. */
  readonly before: unknown;
  readonly property: Schema;
}

function decodeField(field: WireField, { before, property }: Slot, types: ApiTypes, depth: number): unknown {
  if (property.type === "array") {
    const items = Array.isArray(before) ? before : [];
    return [...items, decodeValue(field, property.items ?? {}, types, depth)];
  }
  if (property.type === "object" && property.additionalProperties !== undefined) {
    const entry = readFields(bytesOf(field));
    const [key, value] = [1, 2].map((number) => entry.find((part) => part.number === number) ?? empty(number));
    const inner = decodeValue(value ?? empty(2), property.additionalProperties, types, depth);
    return { ...(before as object | undefined), [textOf(key ?? empty(1))]: inner };
  }
  return decodeValue(field, property, types, depth);
}

function decodeValue(field: WireField, given: Schema, types: ApiTypes, depth: number): unknown {
  const of = resolved(given, types);
  const decode = BY_NAME[of.name ?? ""];
  if (decode !== undefined) return decode(readFields(bytesOf(field)));
  switch (of.schema.type) {
    case "string":
      return of.schema.format === "byte" ? Buffer.from(bytesOf(field)).toString("base64") : textOf(field);
    case "integer":
      return integerOf(field);
    case "boolean":
      return integerOf(field) !== 0;
    default:
      return decodeMessage(bytesOf(field), of, types, depth + 1);
  }
}

type Decode = (fields: readonly WireField[]) => unknown;

/** Messages that are no objects in JSON. */
const BY_NAME: Readonly<Record<string, Decode>> = {
  "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": () => undefined,
  "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": timeOf,
  "io.k8s.apimachinery.pkg.apis.meta.v1.Time": timeOf,
  "io.k8s.apimachinery.pkg.api.resource.Quantity": (fields) => textOf(fields[0] ?? empty(1)),
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": (fields) => {
    const find = (number: number) => fields.find((field) => field.number === number);
    const [type, number] = [find(1), find(2)].map((field) => (field === undefined ? 0 : integerOf(field)));
    return type === 0 ? number : textOf(find(3) ?? empty(3));
  },
};

/** No time at all is an empty message. */
function timeOf(fields: readonly WireField[]): string | undefined {
  const seconds = fields.find(({ number }) => number === 1);
  if (seconds === undefined) return undefined;
  const time = new Date(integerOf(seconds) * 1000);
  if (Number.isNaN(time.getTime())) throw new MalformedMessage("a time that there cannot be");
  return time.toISOString().replace(".000Z", "Z");
}

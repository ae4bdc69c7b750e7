import type { Draft } from "../../store.ts";
import { frozenCopy, isRecord, UnfitData } from "../../store-json.ts";
import { groupVersion, type Resource } from "../resource.ts";
import { badRequest, StatusError } from "../status.ts";
import { decode } from "./decode.ts";
import { OBJECT_META } from "./object-meta.ts";
import { omitted, RAW, STRING, type Struct, written } from "./shapes.ts";

export interface ReadObject {
  readonly draft: Draft;
  readonly warnings: readonly string[];
}

/** Parses JSON that a client sent. `explain` puts the parser's words into the refusal that belongs to the verb. */
export function parseJson(text: string, explain: (why: string) => string): unknown {
  try {
    return frozenCopy(JSON.parse(text));
  } catch (error) {
    if (error instanceof UnfitData) throw badRequest(explain(error.message));
    if (error instanceof SyntaxError) throw badRequest(explain(wordsOfGo(text, error)));
    throw error;
  }
}

function wordsOfGo(text: string, error: SyntaxError): string {
  const position = Number(/position (\d+)/.exec(error.message)?.[1] ?? text.length);
  if (position >= text.length) return "unexpected end of JSON input";
  return `invalid character '${text[position]}' looking for beginning of value`;
}

export function parseObject(text: string, { kind }: Resource): unknown {
  const unrecognized = `the object provided is unrecognized (must be of type ${kind})`;
  return parseJson(
    text,
    (why) => `${unrecognized}: couldn't get version/kind; json parse error: ${why} (${summary(text)})`,
  );
}

/** The beginning of a body, in hexadecimal where it does not even look like JSON. */
function summary(text: string): string {
  if (text === "") return "<empty>";
  const shown = text.slice(0, 30);
  const start = text.startsWith("{") ? shown : Buffer.from(shown).toString("hex");
  return text.length > 30 ? `${start} ...` : start;
}

/** Reads an object as its type. Unknown fields are refused, warned of or ignored, as `fieldValidation` says. */
export function readObject(value: unknown, resource: Resource, fieldValidation: string | null): ReadObject {
  const object = isRecord(value) ? value : {};
  const { kind = resource.kind, apiVersion = groupVersion(resource) } = object;
  requireType(String(kind), String(apiVersion), resource);
  const { value: decoded, unknown, error } = decode(rootShape(resource), { ...object, kind, apiVersion });
  const refusal = `${kind} in version "${resource.version}" cannot be handled as a ${resource.kind}`;
  if (error !== undefined) throw badRequest(`${refusal}: ${error}`);
  const found = unknown.map((field) => `unknown field ${JSON.stringify(field)}`);
  if (found.length > 0 && validation(fieldValidation) === "Strict") {
    throw badRequest(`${refusal}: strict decoding error: ${found.join(", ")}`);
  }
  return { draft: withName(decoded), warnings: validation(fieldValidation) === "Ignore" ? [] : found };
}

function requireType(kind: string, apiVersion: string, resource: Resource): void {
  const expected = groupVersion(resource);
  if (apiVersion !== expected) {
    const versions = `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`;
    throw badRequest(versions);
  }
  if (kind !== resource.kind) {
    throw badRequest(`${kind} in version "${resource.version}" cannot be handled as a ${resource.kind}`);
  }
}

function rootShape({ kind, spec, subresources }: Resource): Struct {
  const hasStatus = subresources.some(({ name }) => name === "status");
  const head = { kind: written(STRING), apiVersion: written(STRING), metadata: written(OBJECT_META) };
  return {
    kind: "struct",
    go: kind,
    fields: { ...head, ...(spec && { spec: written(spec) }), ...(hasStatus && { status: omitted(RAW) }) },
    open: spec === undefined,
  };
}

/** The name is looked at later, with the other faults; until then an absent one is empty. */
function withName(decoded: Readonly<Record<string, unknown>>): Draft {
  const { kind, apiVersion, metadata, ...fields } = decoded;
  const named = { name: "", ...(isRecord(metadata) ? metadata : {}) };
  return { kind: String(kind), apiVersion: String(apiVersion), metadata: named, ...fields };
}

function validation(given: string | null): "Strict" | "Warn" | "Ignore" {
  switch (given) {
    case null:
    case "":
    case "Warn":
      return "Warn";
    case "Strict":
    case "Ignore":
      return given;
    default: {
      const choices = '"", "Ignore", "Strict", "Warn"';
      const why = `fieldValidation: Unsupported value: ${JSON.stringify(given)}: supported values: ${choices}`;
      throw new StatusError(422, "Invalid", `CreateOptions.meta.k8s.io "" is invalid: ${why}`);
    }
  }
}

import { isRecord } from "../../store-json.ts";
import { type Field, goName, isZero, type Shape, type Struct, zeroOf } from "./shapes.ts";

export interface Decoded {
  /** The object with only known fields, nulls and omitted zeros gone: what is stored and sent back. */
  readonly value: Readonly<Record<string, unknown>>;
  /** Fields that the type does not have, in the order met: `spec.ingress[0].form`. */
  readonly unknown: readonly string[];
  /** The first value of a wrong type; the object must then be refused. */
  readonly error?: string;
}

interface Findings {
  readonly unknown: string[];
  error?: string;
}

/** Where the decoder is: `path` counts list items, `field` does not, as in the two kinds of message. */
interface Place {
  readonly path: string;
  readonly field: string;
  readonly struct: string;
}

export function decode(shape: Struct, value: Readonly<Record<string, unknown>>): Decoded {
  const findings: Findings = { unknown: [] };
  const decoded = decodeStruct(shape, value, { path: "", field: "", struct: shape.go }, findings);
  return { value: decoded, ...findings };
}

function decodeValue(shape: Shape, value: unknown, place: Place, findings: Findings): unknown {
  if (value === null || value === undefined) return zeroOf(shape);
  switch (shape.kind) {
    case "raw":
      return value;
    case "string":
      return typeof value === "string" ? value : refuse(shape, value, place, findings);
    case "bool":
      return typeof value === "boolean" ? value : refuse(shape, value, place, findings);
    case "int-or-string":
      return typeof value === "string" || isWhole(value, "int32") ? value : refuse(shape, value, place, findings);
    case "int":
      return isWhole(value, shape.go) ? value : refuse(shape, value, place, findings);
    case "string-map":
      return isRecord(value) ? decodeMap(value, place, findings) : refuse(shape, value, place, findings);
    case "list":
      return Array.isArray(value)
        ? decodeList(shape.of, value, place, findings)
        : refuse(shape, value, place, findings);
    case "struct":
      return isRecord(value) ? decodeStruct(shape, value, place, findings) : refuse(shape, value, place, findings);
  }
}

function decodeStruct(
  shape: Struct,
  value: Readonly<Record<string, unknown>>,
  place: Place,
  findings: Findings,
): Record<string, unknown> {
  const read = new Map<string, unknown>();
  // In the order in which they are written: the first fault decides the answer.
  for (const [name, given] of Object.entries(value)) {
    const inside = { path: join(place.path, name), field: join(place.field, name), struct: shape.go };
    const field = Object.hasOwn(shape.fields, name) ? shape.fields[name] : undefined;
    if (field !== undefined) read.set(name, decodeField(field, given, inside, findings));
    else if (shape.open) read.set(name, given ?? undefined);
    else findings.unknown.push(inside.path);
  }
  const listed = Object.entries(shape.fields).map(([name, field]) => [name, read.get(name) ?? zeroWritten(field)]);
  const others = [...read].filter(([name]) => !Object.hasOwn(shape.fields, name));
  return Object.fromEntries([...listed, ...others].filter(([, found]) => found !== undefined));
}

function decodeField(field: Field, given: unknown, place: Place, findings: Findings): unknown {
  if (field.zero === "pointer" && given === null) return undefined;
  const value = decodeValue(field.shape, given, place, findings);
  return field.zero === "omitted" && isZero(value) ? undefined : value;
}

function zeroWritten(field: Field): unknown {
  return field.zero === "written" ? zeroOf(field.shape) : undefined;
}

/** A null among the items becomes the type's zero value: `ingress: [null]` is a rule that allows everything. */
function decodeList(of: Shape, items: readonly unknown[], place: Place, findings: Findings): unknown[] {
  return items.map((item, i) => decodeValue(of, item, { ...place, path: `${place.path}[${i}]` }, findings));
}

function decodeMap(value: Readonly<Record<string, unknown>>, place: Place, findings: Findings): object {
  const text: Shape = { kind: "string", go: "string" };
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, decodeValue(text, v, place, findings)]));
}

function refuse(shape: Shape, value: unknown, place: Place, findings: Findings): unknown {
  const wanted = goName(shape);
  findings.error ??=
    `json: cannot unmarshal ${describe(value, wanted)} into Go struct field ` +
    `${place.struct}.${place.field} of type ${wanted}`;
  return zeroOf(shape);
}

/** A number is quoted only where a number was wanted: there it is of the wrong size or broken. */
function describe(value: unknown, wanted: string): string {
  if (typeof value === "number") return wanted === "int32" || wanted === "int64" ? `number ${value}` : "number";
  if (typeof value === "boolean") return "bool";
  if (Array.isArray(value)) return "array";
  return typeof value;
}

function isWhole(value: unknown, go: "int32" | "int64"): boolean {
  const limit = go === "int32" ? 2 ** 31 : 2 ** 63;
  return typeof value === "number" && Number.isInteger(value) && value >= -limit && value < limit;
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

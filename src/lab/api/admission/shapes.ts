import { isRecord } from "../../store-json.ts";

/**
 * A type as the decoder of a genuine server knows it: what it takes, what an absent or null value becomes, and the
 * type's name in Go, which its refusals quote.
 */
export type Shape =
  | { readonly kind: "raw" }
  | { readonly kind: "string"; readonly go: string }
  | { readonly kind: "int"; readonly go: "int32" | "int64" }
  | { readonly kind: "bool" }
  | { readonly kind: "int-or-string" }
  | { readonly kind: "string-map" }
  | { readonly kind: "list"; readonly of: Shape; readonly go: string }
  | Struct;

export interface Struct {
  readonly kind: "struct";
  /** Without the package: `NetworkPolicyPeer`. */
  readonly go: string;
  readonly fields: Readonly<Record<string, Field>>;
  /** Fields that are not listed are kept as they are instead of being reported as unknown. */
  readonly open?: boolean;
}

/**
 * What becomes of a field's zero value: `written` stays (`podSelector: {}`), `omitted` vanishes (`from: []`),
 * and behind a `pointer` null is absent while an empty value is kept.
 */
export interface Field {
  readonly shape: Shape;
  readonly zero: "written" | "omitted" | "pointer";
}

export const RAW: Shape = { kind: "raw" };
export const STRING: Shape = { kind: "string", go: "string" };
export const BOOL: Shape = { kind: "bool" };
export const INT32: Shape = { kind: "int", go: "int32" };
export const INT64: Shape = { kind: "int", go: "int64" };
export const STRING_MAP: Shape = { kind: "string-map" };

export function named(go: string): Shape {
  return { kind: "string", go };
}

export function listOf(of: Shape): Shape {
  return { kind: "list", of, go: `[]${goName(of)}` };
}

export function struct(go: string, fields: Readonly<Record<string, Field>>): Struct {
  return { kind: "struct", go, fields };
}

export function written(shape: Shape): Field {
  return { shape, zero: "written" };
}

export function omitted(shape: Shape): Field {
  return { shape, zero: "omitted" };
}

export function pointer(shape: Shape): Field {
  return { shape, zero: "pointer" };
}

export function goName(shape: Shape): string {
  switch (shape.kind) {
    case "raw":
      return "interface {}";
    case "bool":
      return "bool";
    case "int-or-string":
      return "int32";
    case "string-map":
      return "map[string]string";
    case "struct":
      return `v1.${shape.go}`;
    case "string":
    case "int":
    case "list":
      return shape.go;
  }
}

/** The value that an absent field of that type has. */
export function zeroOf(shape: Shape): unknown {
  switch (shape.kind) {
    case "raw":
      return undefined;
    case "string":
      return "";
    case "int":
    case "int-or-string":
      return 0;
    case "bool":
      return false;
    case "string-map":
      return {};
    case "list":
      return [];
    case "struct":
      return Object.fromEntries(
        Object.entries(shape.fields).flatMap(([name, field]) =>
          field.zero === "written" ? [[name, zeroOf(field.shape)]] : [],
        ),
      );
  }
}

export function isZero(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isRecord(value)) return Object.keys(value).length === 0;
  return value === undefined || value === null || value === "" || value === 0 || value === false;
}

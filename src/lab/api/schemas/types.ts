import { isRecord } from "../../store-json.ts";

// What a genuine API server publishes of its types, and how they lie in protobuf: scripts/record-api-schemas.mjs has
// recorded both. Loaded when first wanted, since a proof needs neither.

/** A schema of OpenAPI, as far as it is read here. */
export interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly "x-kubernetes-patch-strategy"?: string;
  readonly "x-kubernetes-patch-merge-key"?: string;
  readonly "x-kubernetes-group-version-kind"?: readonly GroupVersionKind[];
}

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface ApiTypes {
  readonly schemas: Readonly<Record<string, Schema>>;
  /** The fields of a message by number, from 1 on; record-api-schemas.mjs says how they are marked. */
  readonly fieldNumbers: Readonly<Record<string, readonly string[]>>;
}

const REFERENCE = "#/components/schemas/";
let loading: Promise<ApiTypes> | undefined;

export function loadTypes(): Promise<ApiTypes> {
  loading ??= load();
  return loading;
}

async function load(): Promise<ApiTypes> {
  const [schemas, fieldNumbers] = await Promise.all([
    import("./schemas.json", { with: { type: "json" } }),
    import("./field-numbers.json", { with: { type: "json" } }),
  ]);
  // Recorded files, in the shape in which they were written.
  return { schemas: schemas.default as ApiTypes["schemas"], fieldNumbers: fieldNumbers.default };
}

export interface NamedSchema {
  /** Of the type, where it has one: `io.k8s.api.core.v1.Pod`. */
  readonly name: string | undefined;
  readonly schema: Schema;
}

/** What a schema refers to, directly or with a default beside it. */
export function resolved(schema: Schema, { schemas }: ApiTypes): NamedSchema {
  const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
  if (reference === undefined) return { name: undefined, schema };
  const name = reference.slice(REFERENCE.length);
  return { name, schema: schemas[name] ?? {} };
}

export function schemaOfKind(wanted: GroupVersionKind, { schemas }: ApiTypes): NamedSchema | undefined {
  const found = Object.entries(schemas).find(([, schema]) =>
    schema["x-kubernetes-group-version-kind"]?.some(
      ({ group, version, kind }) => group === wanted.group && version === wanted.version && kind === wanted.kind,
    ),
  );
  return found && { name: found[0], schema: found[1] };
}

/** The schemas of those names, and all that they refer to. */
export function closure(names: readonly string[], { schemas }: ApiTypes): Record<string, Schema> {
  const found: Record<string, Schema> = {};
  const wanted = [...names];
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    const schema = schemas[name];
    if (schema === undefined || name in found) continue;
    found[name] = schema;
    wanted.push(...referencesIn(schema));
  }
  return found;
}

function referencesIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "$ref" && typeof inner === "string" ? [inner.slice(REFERENCE.length)] : referencesIn(inner),
  );
}

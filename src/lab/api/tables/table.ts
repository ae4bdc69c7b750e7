import { isRecord } from "../../store-json.ts";
import { recordsAt } from "../fields.ts";
import { groupVersion, type Resource } from "../resource.ts";
import { columnsOf } from "./columns.ts";

const META = "meta.k8s.io/v1";

/** How much of each object comes with its row. */
type Included = "None" | "Metadata" | "Object";

interface TableOptions {
  readonly resource: Resource;
  /** The query's `includeObject`. */
  readonly included: string | null;
  readonly now: Date;
}

/** Whether a client would rather have a table than objects: kubectl does, to show what the server thinks worth showing. */
export function wantsTable(accept: string): boolean {
  const [first = ""] = accept.split(",").filter((range) => isTable(range) || !/;\s*as=/.test(range));
  return isTable(first);
}

function isTable(range: string): boolean {
  const parameters = range.split(";").map((part) => part.trim());
  return ["application/json", "as=Table", "v=v1", "g=meta.k8s.io"].every((part) => parameters.includes(part));
}

/** An object, or the objects of a list, as rows; anything else, such as a Status, stays as it is. */
export function asTable(body: object, { resource, included, now }: TableOptions): object {
  const kind = "kind" in body ? body.kind : undefined;
  const isList = kind === `${resource.kind}List`;
  if (!isList && kind !== resource.kind) return body;
  const { metadata } = body as { readonly metadata: Readonly<Record<string, unknown>> };
  const objects = isList ? recordsAt(body, "items") : [body];
  const columns = columnsOf(resource.kind);
  return {
    kind: "Table",
    apiVersion: META,
    metadata: isList ? metadata : { resourceVersion: metadata.resourceVersion },
    columnDefinitions: columns.map(({ name, isWide }) => ({
      name,
      type: "string",
      format: name === "Name" ? "name" : "",
      description: "",
      priority: isWide ? 1 : 0,
    })),
    rows: objects.map((object) => ({
      cells: columns.map(({ cell }) => cell(object, now)),
      object: shown(object, resource, includedOf(included)),
    })),
  };
}

/** Tables of a watch have their columns once, in the first event. */
export function withoutColumns(table: object): object {
  return "columnDefinitions" in table ? { ...table, columnDefinitions: null } : table;
}

function includedOf(given: string | null): Included {
  return given === "None" || given === "Object" ? given : "Metadata";
}

function shown(object: object, resource: Resource, included: Included): object | null {
  switch (included) {
    case "None":
      return null;
    case "Metadata":
      return {
        kind: "PartialObjectMetadata",
        apiVersion: META,
        metadata: isRecord(object) && isRecord(object.metadata) ? object.metadata : {},
      };
    case "Object":
      return { kind: resource.kind, apiVersion: groupVersion(resource), ...object };
  }
}

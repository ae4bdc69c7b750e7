import { at } from "../fields.ts";
import type { Resource } from "../resource.ts";
import { badRequest } from "../status.ts";

export type FieldSelector = (object: object) => boolean;

const ALWAYS_SELECTABLE = ["metadata.name", "metadata.namespace"];

/** Reads `metadata.name=a,status.phase!=Running`. A field that cannot be selected is refused, never ignored. */
export function parseFieldSelector(text: string, resource: Resource): FieldSelector {
  const terms = text
    .split(",")
    .filter((term) => term !== "")
    .map((term) => parseTerm(term, text, resource));
  return (object) => terms.every((term) => term(object));
}

function parseTerm(term: string, selector: string, resource: Resource): FieldSelector {
  const match = /^([^=!]+)(==|!=|=)(.*)$/s.exec(term.trim());
  if (match === null) throw badRequest(`invalid selector: '${selector}'; can't understand '${term}'`);
  const [, field = "", operator = "", value = ""] = match;
  if (!ALWAYS_SELECTABLE.includes(field) && !resource.selectable.includes(field)) {
    if (resource.selectable.length > 0) throw badRequest(`field label not supported: ${field}`);
    const known = ALWAYS_SELECTABLE.map((name) => JSON.stringify(name)).join(", ");
    throw badRequest(`${JSON.stringify(field)} is not a known field selector: only ${known}`);
  }
  const isWanted = operator !== "!=";
  return (object) => (String(at(object, field) ?? "") === value) === isWanted;
}

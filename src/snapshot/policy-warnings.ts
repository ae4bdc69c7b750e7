import type { Cursor, Fields } from "./cursor.ts";
import type { Direction } from "./model.ts";

/** Warns of fields of a NetworkPolicy's spec that are accepted and do less, or more, than they seem to. */
export function warnOfIdleFields(
  spec: Cursor,
  fields: Fields<"egress" | "ingress" | "podSelector" | "policyTypes">,
): void {
  if (fields.podSelector === undefined) {
    const at = spec.nullField("podSelector") ?? spec;
    at.warn("no podSelector is given, so the policy applies to every pod of the namespace");
  }
  const types = listOf(fields.policyTypes).map((type) => type.node.kind === "scalar" && type.node.value);
  const given = { Ingress: fields.ingress, Egress: fields.egress };
  for (const type of ["Ingress", "Egress"] as const) {
    if (types.length > 0 && !types.includes(type)) {
      given[type]?.warn(`this has no effect, because policyTypes does not name "${type}"`);
    }
  }
  if (types.length === 0 && fields.egress && listOf(fields.egress).length === 0) {
    fields.egress.warn('an empty list denies nothing unless policyTypes names "Egress"');
  }
}

/** An empty list of peers or ports allows all of them, which reads like none. */
export function warnOfOpenLists(rule: Cursor, direction: Direction): void {
  const peers = direction === "ingress" ? "from" : "to";
  const everyone = direction === "ingress" ? "every source" : "every destination";
  rule.emptyField(peers)?.warn(`an empty list allows ${everyone}`);
  rule.emptyField("ports")?.warn("an empty list allows every port");
}

function listOf(cursor: Cursor | undefined): readonly Cursor[] {
  return cursor?.node.kind === "list" ? (cursor.expectList() ?? []) : [];
}

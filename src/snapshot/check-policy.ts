import { checkPortItem } from "./check-port.ts";
import { checkSelector } from "./check-selector.ts";
import { cidrObjection, isStrictSubset, readCidr } from "./cidr-syntax.ts";
import type { Cursor } from "./cursor.ts";
import type { Direction } from "./model.ts";
import { checkWord, invalid } from "./object-meta.ts";
import { warnOfIdleFields, warnOfOpenLists } from "./policy-warnings.ts";

const POLICY_TYPES = ["Ingress", "Egress"] as const;
const PEERS = { ingress: "from", egress: "to" } as const;

/** Admission of a NetworkPolicy's `spec` under strict field validation, with the API server's reasons and paths. */
export function checkPolicySpec(spec: Cursor): void {
  const fields = spec.expectFields(["egress", "ingress", "podSelector", "policyTypes"]);
  if (fields === undefined) return;
  if (fields.podSelector) checkSelector(fields.podSelector);
  for (const rule of fields.ingress?.expectList() ?? []) checkRule(rule, "ingress");
  for (const rule of fields.egress?.expectList() ?? []) checkRule(rule, "egress");
  if (fields.policyTypes) checkPolicyTypes(fields.policyTypes);
  warnOfIdleFields(spec, fields);
}

function checkPolicyTypes(cursor: Cursor): void {
  const types = cursor.expectList() ?? [];
  if (types.length > POLICY_TYPES.length) {
    const given = JSON.stringify(types.map((type) => type.expectString()));
    cursor.problem(`Invalid value: ${given}: may not specify more than two policyTypes`);
    return;
  }
  for (const type of types) checkWord(type, POLICY_TYPES);
}

function checkRule(cursor: Cursor, direction: Direction): void {
  const peersField = PEERS[direction];
  const fields = cursor.expectFields([peersField, "ports"]);
  if (cursor.isNull) cursor.warn(`null is stored as {}, which allows all ${direction}`);
  for (const peer of fields?.[peersField]?.expectList() ?? []) checkPeer(peer);
  for (const port of fields?.ports?.expectList() ?? []) checkPortItem(port);
  warnOfOpenLists(cursor, direction);
}

function checkPeer(cursor: Cursor): void {
  const fields = cursor.expectFields(["ipBlock", "namespaceSelector", "podSelector"]);
  if (fields === undefined) return;
  const { ipBlock, namespaceSelector, podSelector } = fields;
  for (const selector of [namespaceSelector, podSelector]) if (selector) checkSelector(selector);
  if (ipBlock) checkIpBlock(ipBlock);
  for (const name of ["namespaceSelector", "podSelector"]) {
    cursor.nullField(name)?.warn("null is read as absent, not as the empty selector {}");
  }
  if (!ipBlock && !namespaceSelector && !podSelector) cursor.problem("Required value: must specify a peer");
  if (ipBlock && (namespaceSelector || podSelector)) {
    cursor.problem("Forbidden: may not specify both ipBlock and another peer");
  }
}

function checkIpBlock(cursor: Cursor): void {
  const fields = cursor.expectFields(["cidr", "except"]);
  if (fields === undefined) return;
  const text = fields.cidr === undefined ? "" : fields.cidr.expectString();
  if (text === "") cursor.problem("Required value", { field: "cidr", at: fields.cidr ?? cursor });
  if (text) checkCidr(fields.cidr ?? cursor, text);
  const outer = readCidr(text ?? "");
  for (const item of fields.except?.expectList() ?? []) {
    const except = item.expectString();
    if (except === undefined) continue;
    checkCidr(item, except);
    const inner = readCidr(except);
    if (inner && outer && !isStrictSubset(inner, outer)) invalid(item, except, "must be a strict subset of `cidr`");
  }
}

function checkCidr(cursor: Cursor, text: string): void {
  const objection = cidrObjection(text);
  if (objection !== undefined) invalid(cursor, text, objection);
}

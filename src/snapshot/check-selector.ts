import type { Cursor, Fields } from "./cursor.ts";
import { labelKeyObjections, labelValueObjections } from "./name-syntax.ts";
import { hintWord } from "./nearest-word.ts";
import { checkLabels, invalid } from "./object-meta.ts";

const OPERATORS = ["In", "NotIn", "Exists", "DoesNotExist"] as const;

/** Admission of a LabelSelector, as the API server does it. */
export function checkSelector(cursor: Cursor): void {
  const fields = cursor.expectFields(["matchExpressions", "matchLabels"]);
  if (fields?.matchLabels) checkLabels(fields.matchLabels);
  for (const expression of fields?.matchExpressions?.expectList() ?? []) checkExpression(expression);
}

function checkExpression(cursor: Cursor): void {
  const fields = cursor.expectFields(["key", "operator", "values"]);
  if (fields === undefined) return;
  const key = fields.key === undefined ? "" : fields.key.expectString();
  for (const objection of key === undefined ? [] : labelKeyObjections(key)) {
    const reason = `Invalid value: ${JSON.stringify(key)}: ${objection}`;
    cursor.problem(reason, { field: "key", at: fields.key ?? cursor });
  }
  const values = fields.values === undefined ? [] : fields.values.expectList();
  if (values === undefined) return;
  checkOperator(cursor, fields, values.length);
  for (const value of values) checkValue(value);
}

function checkOperator(cursor: Cursor, fields: Fields<"operator" | "values">, valueCount: number): void {
  const operator = fields.operator === undefined ? "" : fields.operator.expectString();
  const at = fields.values ?? cursor;
  if (operator === undefined) return;
  if (operator === "In" || operator === "NotIn") {
    const reason = "Required value: must be specified when `operator` is 'In' or 'NotIn'";
    if (valueCount === 0) cursor.problem(reason, { field: "values", at });
  } else if (operator === "Exists" || operator === "DoesNotExist") {
    const reason = "Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
    if (valueCount > 0) cursor.problem(reason, { field: "values", at });
  } else {
    const reason = `Invalid value: ${JSON.stringify(operator)}: not a valid selector operator`;
    cursor.problem(reason, { field: "operator", hint: hintWord(operator, OPERATORS), at: fields.operator ?? cursor });
  }
}

function checkValue(cursor: Cursor): void {
  const value = cursor.expectString();
  if (value === undefined) return;
  if (cursor.isNull) cursor.warn('null is stored as the empty value ""');
  for (const objection of labelValueObjections(value)) invalid(cursor, value, objection);
}

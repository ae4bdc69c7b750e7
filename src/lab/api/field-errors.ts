/** One reason why an object is refused, as `details.causes` of a Status lists it. */
export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

export function required(field: string, detail = ""): Cause {
  const message = detail === "" ? "Required value" : `Required value: ${detail}`;
  return { reason: "FieldValueRequired", message, field };
}

export function invalidValue(field: string, value: unknown, detail: string): Cause {
  return { reason: "FieldValueInvalid", message: `Invalid value: ${JSON.stringify(value)}: ${detail}`, field };
}

export function unsupported(field: string, value: string, supported: readonly string[]): Cause {
  const choices = supported.map((choice) => JSON.stringify(choice)).join(", ");
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${choices}`;
  return { reason: "FieldValueNotSupported", message, field };
}

export function forbiddenValue(field: string, detail: string): Cause {
  return { reason: "FieldValueForbidden", message: `Forbidden: ${detail}`, field };
}

export function duplicate(field: string, value: unknown): Cause {
  return { reason: "FieldValueDuplicate", message: `Duplicate value: ${JSON.stringify(value)}`, field };
}

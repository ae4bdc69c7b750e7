/**
 * What the API server (1.36) says about names, label keys and label values; an empty list if it accepts them. Messages are
 * verbatim, so that they can be searched for. Lengths are in bytes there; a text with other characters is refused anyway.
 */
export function subdomainObjections(name: string): readonly string[] {
  return [
    ...(name.length > 253 ? ["must be no more than 253 characters"] : []),
    ...(SUBDOMAIN.test(name) ? [] : [regexMessage(SUBDOMAIN_MESSAGE, SUBDOMAIN_PATTERN, ["example.com"])]),
  ];
}

export function dnsLabelObjections(name: string): readonly string[] {
  const tooLong = name.length > 63 ? ["must be no more than 63 characters"] : [];
  if (DNS_LABEL.test(name)) return tooLong;
  if (SUBDOMAIN.test(name)) return [...tooLong, "must not contain dots"];
  return [...tooLong, regexMessage(DNS_LABEL_MESSAGE, DNS_LABEL_PATTERN, ["my-name", "123-abc"])];
}

export function labelKeyObjections(key: string): readonly string[] {
  const parts = key.split("/");
  const format = regexMessage(KEY_MESSAGE, KEY_PATTERN, ["MyName", "my.name", "123-abc"]);
  if (parts.length > 2) {
    return [`a valid label key ${format} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const name = parts.at(-1) ?? "";
  return [
    ...(parts.length === 2 ? prefixObjections(parts[0] ?? "") : []),
    ...(name === "" ? ["name part must be non-empty"] : []),
    ...(name.length > 63 ? ["name part must be no more than 63 bytes"] : []),
    ...(KEY.test(name) ? [] : [`name part ${format}`]),
  ];
}

export function labelValueObjections(value: string): readonly string[] {
  return [
    ...(value.length > 63 ? ["must be no more than 63 bytes"] : []),
    ...(value === "" || KEY.test(value)
      ? []
      : [regexMessage(VALUE_MESSAGE, `(${KEY_PATTERN})?`, ["MyValue", "my_value", "12345"])]),
  ];
}

export function portNameObjections(name: string): readonly string[] {
  return [
    ...(name.length > 15 ? ["must be no more than 15 characters"] : []),
    ...(/^[-a-z0-9]+$/.test(name) ? [] : ["must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"]),
    ...(/[a-z]/.test(name) ? [] : ["must contain at least one letter (a-z)"]),
    ...(name.includes("--") ? ["must not contain consecutive hyphens"] : []),
    ...(/^-|-$/.test(name) ? ["must not begin or end with a hyphen"] : []),
  ];
}

export function portNumberObjections(port: number): readonly string[] {
  return port >= 1 && port <= 65535 ? [] : ["must be between 1 and 65535, inclusive"];
}

const DNS_LABEL_PATTERN = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN_PATTERN = `${DNS_LABEL_PATTERN}(\\.${DNS_LABEL_PATTERN})*`;
const KEY_PATTERN = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const DNS_LABEL = new RegExp(`^${DNS_LABEL_PATTERN}$`);
const SUBDOMAIN = new RegExp(`^${SUBDOMAIN_PATTERN}$`);
const KEY = new RegExp(`^${KEY_PATTERN}$`);

const ENDS = "and must start and end with an alphanumeric character";
const DNS_LABEL_MESSAGE = `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', ${ENDS}`;
const SUBDOMAIN_MESSAGE = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', ${ENDS}`;
const KEY_MESSAGE = `must consist of alphanumeric characters, '-', '_' or '.', ${ENDS}`;
const VALUE_MESSAGE = `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', ${ENDS}`;

function prefixObjections(prefix: string): readonly string[] {
  if (prefix === "") return ["prefix part must be non-empty"];
  return subdomainObjections(prefix).map((objection) => `prefix part ${objection}`);
}

function regexMessage(message: string, pattern: string, examples: readonly string[]): string {
  const shown = examples.map((example) => `'${example}', `).join(" or ");
  return `${message} (e.g. ${shown}regex used for validation is '${pattern}')`;
}

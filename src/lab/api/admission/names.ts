// The rules for names, labels and port names, in the words of a genuine server. Each function returns what is wrong.

const SUBDOMAIN = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const LABEL_1123 = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const LABEL_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?";
const KEY = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const VALUE = `(${KEY})?`;

const KEY_RULE =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
  `(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${KEY}')`;
const VALUE_RULE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and " +
  `end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '${VALUE}')`;
const SUBDOMAIN_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
  `end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${SUBDOMAIN}')`;
const LABEL_1123_RULE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with " +
  `an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${LABEL_1123}')`;
const LABEL_1035_RULE =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and " +
  `end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '${LABEL_1035}')`;

export type NameRule = "subdomain" | "label" | "service";

/** The length is checked first: some of the patterns would otherwise take long on a hostile name. */
const NAME_RULES = {
  subdomain: checker(253, SUBDOMAIN, SUBDOMAIN_RULE),
  label: checker(63, LABEL_1123, LABEL_1123_RULE),
  service: checker(63, LABEL_1035, LABEL_1035_RULE),
} satisfies Record<NameRule, (name: string) => readonly string[]>;

function checker(longest: number, pattern: string, rule: string): (name: string) => readonly string[] {
  const whole = new RegExp(`^${pattern}$`);
  return (name) => {
    if (name.length > longest) return [`must be no more than ${longest} characters`];
    return whole.test(name) ? [] : [rule];
  };
}

export function nameFaults(name: string, rule: NameRule): readonly string[] {
  return NAME_RULES[rule](name);
}

const WHOLE_KEY = new RegExp(`^${KEY}$`);
const WHOLE_VALUE = new RegExp(`^${VALUE}$`);
const LONGEST_LABEL = 63;

export function labelKeyFaults(key: string): readonly string[] {
  const parts = key.split("/");
  if (parts.length > 2) {
    return [`a valid label key ${KEY_RULE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const name = parts.at(-1) ?? "";
  return [...(parts.length === 2 ? prefixFaults(parts[0] ?? "") : []), ...keyNameFaults(name)];
}

function prefixFaults(prefix: string): readonly string[] {
  if (prefix === "") return ["prefix part must be non-empty"];
  return nameFaults(prefix, "subdomain").map((fault) => `prefix part ${fault}`);
}

function keyNameFaults(name: string): readonly string[] {
  const faults: string[] = [];
  if (name === "") faults.push("name part must be non-empty");
  if (name.length > LONGEST_LABEL) faults.push(`name part must be no more than ${LONGEST_LABEL} bytes`);
  if (!WHOLE_KEY.test(name)) faults.push(`name part ${KEY_RULE}`);
  return faults;
}

export function labelValueFaults(value: string): readonly string[] {
  const faults: string[] = [];
  if (value.length > LONGEST_LABEL) faults.push(`must be no more than ${LONGEST_LABEL} bytes`);
  if (!WHOLE_VALUE.test(value)) faults.push(VALUE_RULE);
  return faults;
}

export function portNameFaults(name: string): readonly string[] {
  const faults: string[] = [];
  if (name.length > 15) faults.push("must be no more than 15 characters");
  if (!/^[-a-z0-9]+$/.test(name)) faults.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  if (!/[a-z]/.test(name)) faults.push("must contain at least one letter (a-z)");
  if (name.includes("--")) faults.push("must not contain consecutive hyphens");
  if (name.startsWith("-") || name.endsWith("-")) faults.push("must not begin or end with a hyphen");
  return faults;
}

export function portNumberFaults(port: number): readonly string[] {
  return port >= 1 && port <= 65535 ? [] : ["must be between 1 and 65535, inclusive"];
}

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { UserError } from "../errors/index.ts";
import { type Manifests, parseManifests, parseNamespace, parsePod, parsePolicy } from "./index.ts";

/** The manifests, or undefined after a UserError; anything else that is thrown fails the test. */
function attempt(text: string): Manifests | undefined {
  try {
    return parseManifests([{ name: "p.yaml", text }], { defaultNamespace: "default" });
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

const labelKey = fc.stringMatching(/^[a-z]([-a-zA-Z0-9_.]{0,6}[a-z0-9])?$/);
const labelValue = fc.oneof(fc.stringMatching(/^([a-zA-Z0-9]([-a-zA-Z0-9_.]{0,6}[a-zA-Z0-9])?)?$/), fc.constant("no"));
const labels = fc.dictionary(labelKey, labelValue, { maxKeys: 3 });
const expression = fc.oneof(
  fc.record({
    key: labelKey,
    operator: fc.constantFrom("In", "NotIn"),
    values: fc.array(labelValue, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ key: labelKey, operator: fc.constantFrom("Exists", "DoesNotExist") }),
);
const selector = fc.record(
  { matchLabels: labels, matchExpressions: fc.array(expression, { maxLength: 2 }) },
  { requiredKeys: [] },
);
const peer = fc.oneof(
  fc
    .record({ podSelector: selector, namespaceSelector: selector }, { requiredKeys: [] })
    .filter((value) => Object.keys(value).length > 0),
  fc.record({ ipBlock: fc.constantFrom({ cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] }, { cidr: "fd00::/8" }) }),
);
const protocol = fc.constantFrom("TCP", "UDP", "SCTP");
const portItem = fc.oneof(
  fc.record({ protocol, port: fc.oneof(fc.integer({ min: 1, max: 65535 }), fc.constantFrom("http", "y")) }),
  fc.record({ port: fc.integer({ min: 1, max: 9 }), endPort: fc.integer({ min: 9, max: 65535 }) }),
  fc.record({ protocol }, { requiredKeys: [] }),
);
const ports = fc.array(portItem, { maxLength: 3 });
const peers = fc.array(peer, { maxLength: 3 });
const spec = fc.record(
  {
    podSelector: selector,
    policyTypes: fc.uniqueArray(fc.constantFrom("Ingress", "Egress")),
    ingress: fc.array(fc.record({ from: peers, ports }, { requiredKeys: [] }), { maxLength: 3 }),
    egress: fc.array(fc.record({ to: peers, ports }, { requiredKeys: [] }), { maxLength: 3 }),
  },
  { requiredKeys: [] },
);
const policy = spec.map((value) => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name: "p", namespace: "shop" },
  spec: value,
}));

describe("every valid policy", () => {
  test("keeps its object and its meaning through JSON, YAML and back", () => {
    fc.assert(
      fc.property(policy, (object) => {
        for (const text of [JSON.stringify(object), stringify(object, { defaultStringType: "QUOTE_DOUBLE" })]) {
          const [parsed] = attempt(text)?.policies ?? [];
          expect(parsed?.object).toEqual(object);
          expect(parsed?.policy).toEqual(parsePolicy(object));
          expect(parsePolicy(JSON.parse(JSON.stringify(parsed?.object)))).toEqual(parsed?.policy);
        }
      }),
    );
  });

  test("is plain data that survives JSON", () => {
    fc.assert(
      fc.property(policy, (object) => {
        const manifests = attempt(JSON.stringify(object));
        expect(JSON.parse(JSON.stringify(manifests))).toEqual(manifests);
      }),
    );
  });
});

/** What a text is put together from: YAML's own signs, words of the API, and things that have gone wrong elsewhere. */
const snippet = fc.oneof(
  fc.constantFrom(
    "- ",
    ": ",
    "? ",
    "\n",
    "\n  ",
    "\t",
    "{",
    "}",
    "[",
    "]",
    ", ",
    "#",
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    "!x ",
  ),
  fc.constantFrom(
    "'",
    '"',
    "|",
    ">-",
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    "@",
    "`",
    "\\",
    "\0",
    "\uFFFD",
    "\uFEFF",
    "\r\n",
  ),
  fc.constantFrom(
    "kind",
    "apiVersion",
    "v1",
    "List",
    "items",
    "NetworkPolicy",
    "networking.k8s.io/v1",
    "spec",
    "__proto__",
  ),
  fc.constantFrom(
    "metadata: {name: p}",
    "ingress",
    "from",
    "podSelector",
    "017",
    "no",
    "1e999",
    "~",
    "{{ .x }}",
    "\u2028",
  ),
  fc.string({ unit: "binary", maxLength: 3 }),
);

describe("no text", () => {
  const isQuick = { numRuns: 300, interruptAfterTimeLimit: 20_000 };

  test("throws anything but a UserError", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => void attempt(text)),
      isQuick,
    );
    fc.assert(
      fc.property(fc.array(snippet, { maxLength: 40 }), (parts) => void attempt(parts.join(""))),
      isQuick,
    );
  });

  test("made by mutilating a valid policy throws anything but a UserError", () => {
    const cut = fc.record({ at: fc.nat(1000), length: fc.nat(12), put: snippet });
    const property = fc.property(
      policy,
      fc.boolean(),
      fc.array(cut, { minLength: 1, maxLength: 4 }),
      (object, isJson, cuts) => {
        const text = isJson ? JSON.stringify(object, null, 1) : stringify(object);
        const mutilated = cuts.reduce((now, { at, length, put }) => {
          const from = at % now.length;
          return `${now.slice(0, from)}${put}${now.slice(from + length)} `;
        }, text);
        attempt(mutilated);
      },
    );
    fc.assert(property, isQuick);
  });

  test.each([
    { name: "brackets", unit: "[" },
    { name: "braces", unit: "{" },
    { name: "dashes", unit: "- " },
    { name: "question marks", unit: "? " },
    { name: "anchors", unit: "&a " },
    { name: "aliases", unit: "*a " },
    { name: "merges", unit: "<<: *a\n" },
    { name: "closing brackets", unit: "]" },
    { name: "documents", unit: "---\na\n" },
    { name: "empty documents", unit: "---\n" },
    { name: "directives", unit: "%a\n" },
    { name: "equal keys", unit: "a: b\n" },
    { name: "quotes", unit: "'" },
    { name: "escapes", unit: '"\\' },
    { name: "templates", unit: "{{ a\n" },
    { name: "JSON brackets", unit: "[0,[" },
    { name: "line ends", unit: "\n" },
  ])("of thirty thousand $name takes longer than its length allows", ({ unit }) => {
    const startedAt = performance.now();
    attempt(unit.repeat(30_000 / unit.length));
    // About 20 µs a character is the worst that the YAML package does, on a machine that is not idle.
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});

describe("no stored object", () => {
  test("throws anything but a UserError", () => {
    const anything = fc.anything({ withNullPrototype: true, maxDepth: 4 });
    const fields = fc.dictionary(
      fc.constantFrom("metadata", "spec", "status", "name", "namespace", "ingress", "ports", "labels"),
      anything,
    );
    fc.assert(
      fc.property(fc.oneof(anything, fields), (object) => {
        for (const parse of [parsePolicy, parseNamespace, parsePod]) {
          try {
            parse(object);
          } catch (error) {
            expect(error).toBeInstanceOf(UserError);
          }
        }
      }),
    );
  });
});

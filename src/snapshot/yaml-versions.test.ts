import { describe, expect, test } from "vitest";
import { type Manifests, parseManifests } from "./index.ts";

/** What becomes of a scalar without quotes, in each place where it may stand. */
interface Row {
  readonly source: string;
  /** What kubectl sends, as JSON. */
  readonly kubectl: string;
  readonly label: Reading;
  readonly name: Reading;
  readonly port: Reading;
  readonly key: Reading;
}

/** Read as this text or number, `absent` as null is, or refused with one of the hints. */
type Reading =
  | { readonly read: string | number | "absent" }
  | "quote it"
  | "decimal digits"
  /** Another rule of the API refuses it, whoever reads the YAML. */
  | "invalid";

const BOOLEANS: readonly Row[] = [
  ...["on", "On", "ON", "y", "Y", "yes", "Yes", "YES"].map((source) => ({ source, kubectl: "true" })),
  ...["off", "Off", "OFF", "n", "N", "no", "No", "NO"].map((source) => ({ source, kubectl: "false" })),
].map((row) => ({ ...row, label: "quote it", name: "quote it", port: "quote it", key: "quote it" }));

const NUMBERS: readonly Row[] = [
  ["017", "15"],
  ["0o17", "15"],
  ["0b11", "3"],
  ["0O17", "15"],
  ["1_000", "1000"],
  ["1:30", '"1:30"'],
].map(([source = "", kubectl = ""]) => ({
  source,
  kubectl,
  label: "quote it",
  name: "quote it",
  port: "decimal digits",
  key: "quote it",
}));

const OTHERS: readonly Row[] = [
  // The same number to all readers, and no text to any.
  {
    source: "017e1",
    kubectl: "170",
    label: "quote it",
    name: "quote it",
    port: { read: 170 },
    key: "quote it",
  },
  { source: "0x50", kubectl: "80", label: "quote it", name: "quote it", port: { read: 80 }, key: "quote it" },
  { source: "8080", kubectl: "8080", label: "quote it", name: "quote it", port: { read: 8080 }, key: { read: "8080" } },
  // A hash that looks like a number too large for all readers but those of YAML 1.2.
  {
    source: "9e2261",
    kubectl: '"9e2261"',
    label: "quote it",
    name: "quote it",
    port: "decimal digits",
    key: "quote it",
  },
  { source: ".inf", kubectl: "an error", label: "quote it", name: "quote it", port: "invalid", key: "quote it" },
  { source: "~", kubectl: "null", label: { read: "" }, name: "invalid", port: { read: "absent" }, key: "quote it" },
  // kubectl keeps the text of a timestamp.
  {
    source: "2024-01-01",
    kubectl: '"2024-01-01"',
    label: { read: "2024-01-01" },
    name: { read: "2024-01-01" },
    port: "invalid",
    key: { read: "2024-01-01" },
  },
  {
    source: "0odd",
    kubectl: '"0odd"',
    label: { read: "0odd" },
    name: { read: "0odd" },
    port: "invalid",
    key: { read: "0odd" },
  },
  {
    source: "only",
    kubectl: '"only"',
    label: { read: "only" },
    name: { read: "only" },
    port: { read: "only" },
    key: { read: "only" },
  },
];

describe("a scalar without quotes is refused wherever kubectl and YAML 1.2 do not read the same text in it", () => {
  test.each([...BOOLEANS, ...NUMBERS, ...OTHERS])("$source, which kubectl sends as $kubectl", ({ kubectl, ...row }) => {
    const { source } = row;
    expect({
      source,
      label: reading(
        policy(`{podSelector: {matchLabels: {a: ${source}}}}`),
        ({ podSelector }) => podSelector[0]?.values[0],
      ),
      name: reading(policy("{podSelector: {}}", source), ({ name }) => name),
      port: reading(policy(`{podSelector: {}, ingress: [{ports: [{port: ${source}}]}]}`), ({ isolates }) => {
        const port = isolates.ingress?.[0]?.ports[0];
        return port?.kind === "range" ? port.from : port?.kind === "name" ? port.name : "absent";
      }),
      key: reading(policy(`{podSelector: {matchLabels: {${source}: x}}}`), ({ podSelector }) => podSelector[0]?.key),
    }).toEqual(row);
  });
});

function policy(spec: string, name = "p"): string {
  return `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: ${name}\nspec: ${spec}`;
}

function reading(
  text: string,
  find: (policy: Manifests["policies"][number]["policy"]) => string | number | undefined,
): Reading {
  try {
    const [manifest] = parseManifests([{ name: "p.yaml", text }], { defaultNamespace: "default" }).policies;
    return { read: (manifest && find(manifest.policy)) ?? "nothing" };
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    if (message.includes("hint: quote it: ")) return "quote it";
    return message.includes("hint: write the number with decimal digits alone") ? "decimal digits" : "invalid";
  }
}

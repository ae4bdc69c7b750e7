import { describe, expect, test } from "vitest";
import { UserError } from "../errors/index.ts";
import { parseManifests } from "./index.ts";

function errorOf(text: string, name = "p.yaml"): UserError {
  try {
    parseManifests([{ name, text }], { defaultNamespace: "default" });
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

/** A policy whose spec begins in line 5. */
function policy(...spec: readonly string[]): string {
  const head = ["apiVersion: networking.k8s.io/v1", "kind: NetworkPolicy", "metadata: {name: p}", "spec:"];
  return [...head, ...spec.map((line) => `  ${line}`)].join("\n");
}

const HELM = "    hint: if this is a Helm chart, render it first: helm template CHART | netproof prove -f -";

interface Case {
  readonly name: string;
  readonly text: string;
  readonly message: readonly string[];
}

const TEXT_CASES: readonly Case[] = [
  {
    name: "an indentation by tabs",
    text: "spec:\n\tpodSelector: {}",
    message: ["p.yaml:2:1: not valid YAML: Tabs are not allowed as indentation", "    hint: indent with spaces"],
  },
  {
    name: "a NUL byte",
    text: "kind: a\nname: b\0",
    message: ["p.yaml:2:8: holds a NUL byte, so it is not a text file", "    hint: save the file as UTF-8"],
  },
  {
    name: "a byte that is no UTF-8",
    text: "kind: \uFFFD",
    message: ["p.yaml:1:7: not valid UTF-8", "    hint: save the file as UTF-8"],
  },
  {
    name: "a key that stands twice",
    text: policy("podSelector: {}", "podSelector: {}"),
    message: ['p.yaml:6:3: duplicate key "podSelector"'],
  },
  {
    name: "a key that stands twice in JSON",
    text: '{"kind": "a",\n "kind": "b"}',
    message: ['p.yaml:2:2: duplicate key "kind"'],
  },
  {
    name: "two colons in one line",
    text: "a: b: c",
    message: [
      "p.yaml:1:4: not valid YAML: Nested mappings are not allowed in compact mappings",
      '    hint: quote a value that holds ": "',
    ],
  },
  {
    name: "a value that begins with @",
    text: "a: @b",
    message: [
      "p.yaml:1:4: not valid YAML: Plain value cannot start with reserved character @",
      "    hint: quote the value",
    ],
  },
  {
    name: "one fault in each of two documents",
    text: "a: @b\n---\na: 1\n---\nc: @d\ne: @f",
    message: [
      "p.yaml:1:4: not valid YAML: Plain value cannot start with reserved character @",
      "    hint: quote the value",
      "p.yaml:3:1: kind: Object 'Kind' is missing",
      "    hint: every Kubernetes object says its apiVersion and kind",
      "p.yaml:5:4: not valid YAML: Plain value cannot start with reserved character @",
      "    hint: quote the value",
    ],
  },
  {
    name: "a deep nest of brackets",
    text: `a: ${"[".repeat(100_000)}`,
    message: ["p.yaml:1:130: nested more than 128 levels deep"],
  },
  {
    name: "a deep nest of brackets in JSON",
    text: "[".repeat(200) + "]".repeat(200),
    message: ["p.yaml:1:128: nested more than 128 levels deep"],
  },
  {
    name: "an alias bomb",
    text: ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
      .concat(["b", "c", "d", "e", "f"].map((key, index) => bombLine(key, "abcde"[index] ?? "")))
      .join("\n"),
    message: [
      "p.yaml:5:29: aliases grow to more than 100000 values",
      "    hint: write the values out, or split the file",
    ],
  },
  {
    name: "an alias that holds itself",
    text: "a: &a [*a]",
    message: ['p.yaml:1:8: the alias "*a" stands for what it is part of'],
  },
  { name: "an alias of nothing", text: "a: *b", message: ['p.yaml:1:4: no anchor "&b"'] },
  {
    name: "a merge behind a key that it holds too",
    text: "a: &a {b: 1}\nc:\n  b: 2\n  <<: *a",
    message: [
      'p.yaml:4:3: "<<" stands behind the key "b", which kubectl would let it overwrite',
      '    hint: put "<<" first',
    ],
  },
  {
    name: "a merge of a text",
    text: "a:\n  <<: b",
    message: ['p.yaml:2:3: "<<" must be given objects'],
  },
  {
    name: "a tag",
    text: "a: !!binary aGk=",
    message: ['p.yaml:1:13: the YAML tag "!!binary" has no meaning here', "    hint: leave the tag out"],
  },
  {
    name: "an object as a key",
    text: "? {a: b}\n: c",
    message: ["p.yaml:1:3: a key must be text", "    hint: quote a value that begins with { or ["],
  },
  {
    name: "more than 8 MiB",
    text: "# ".repeat(5_000_000),
    message: ["p.yaml:1:1: longer than 8388608 characters", "    hint: split the file"],
  },
];

function bombLine(key: string, previous: string): string {
  return `${key}: &${key} [${Array.from({ length: 10 }, () => `*${previous}`).join(",")}]`;
}

const TEMPLATE_CASES: readonly Case[] = [
  {
    name: "a template for a value",
    text: policy("podSelector:", "  matchLabels:", "    app: {{ .Values.app }}"),
    message: ['p.yaml:7:12: "{{" begins a template, which is not YAML', HELM],
  },
  {
    name: "a template around a block",
    text: "{{- if .Values.on }}\nkind: NetworkPolicy\n{{- end }}",
    message: ['p.yaml:1:1: "{{" begins a template, which is not YAML', HELM],
  },
  {
    name: "a template in quotes",
    text: 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: "{{ .Release.Name }}"',
    message: [
      "p.yaml:4:9: metadata.name: Invalid value: \"{{ .Release.Name }}\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
      HELM,
    ],
  },
  {
    name: "a template far above the first fault",
    text: "{{/* a comment of Helm */}}\n\napiVersion: v1",
    message: ['p.yaml:3:1: not valid YAML: Unexpected scalar token in YAML stream: "apiVersion"', HELM],
  },
  {
    name: "a kustomization",
    text: "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization",
    message: [
      "p.yaml:1:1: a kustomization is not a manifest, it has to be built into one",
      "    hint: kubectl kustomize . | netproof prove -f -",
    ],
  },
];

describe.each([
  { what: "a text", cases: TEXT_CASES },
  { what: "a template", cases: TEMPLATE_CASES },
])("$what is refused with its place, field and hint", ({ cases }) => {
  test.each(cases)("$name", ({ text, message }) => {
    const error = errorOf(text);
    expect(error.message.split("\n")).toEqual(message);
    expect(error).toMatchObject({ code: "MANIFEST_INVALID", kind: "usage", exitCode: 2 });
  });
});

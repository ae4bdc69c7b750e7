import { describe, expect, test } from "vitest";
import { UserError } from "../errors/index.ts";
import { type ManifestProblem, parseManifests } from "./index.ts";

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

const KEY_RULES =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
interface Case {
  readonly name: string;
  readonly text: string;
  readonly message: readonly string[];
}

const OBJECT_CASES: readonly Case[] = [
  {
    name: "a list at the top",
    text: "- a",
    message: ["p.yaml:1:1: expected an object, found a list", '    hint: leave out the "- "'],
  },
  {
    name: "an object without apiVersion",
    text: "kind: NetworkPolicy",
    message: [
      "p.yaml:1:1: apiVersion: Object 'apiVersion' is missing",
      "    hint: every Kubernetes object says its apiVersion and kind",
    ],
  },
  {
    name: "an item of a List without kind",
    text: "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  metadata: {name: a}\n-\n",
    message: [
      "p.yaml:4:3: kind: Object 'Kind' is missing",
      "    hint: every Kubernetes object says its apiVersion and kind",
      "p.yaml:6:2: kind: Object 'Kind' is missing",
      "    hint: every Kubernetes object says its apiVersion and kind",
    ],
  },
  {
    name: "a version that no API server has any more",
    text: "apiVersion: extensions/v1beta1\nkind: NetworkPolicy",
    message: [
      'p.yaml:1:1: apiVersion: no matches for kind "NetworkPolicy" in version "extensions/v1beta1"',
      "    hint: the version is networking.k8s.io/v1",
    ],
  },
  {
    name: "a name that stands twice",
    text: `${policy("podSelector: {}")}\n---\n${policy("podSelector: {}")}`,
    message: [
      'p.yaml:9:18: metadata.name: NetworkPolicy "p" in namespace "default" is given twice, first at p.yaml:3:18',
      "    hint: rename one of them, or leave one of the files out",
    ],
  },
  {
    name: "a generated name of a policy",
    text: "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {generateName: p-}",
    message: [
      "p.yaml:1:1: metadata.name: Required value: a policy needs a name by which it can be reported",
      '    hint: write "name" instead of "generateName"',
    ],
  },
  {
    name: "metadata with a slip, a number for an annotation and a namespace in capitals",
    text: "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, lables: {}, annotations: {a: 1}, namespace: A}",
    message: [
      'p.yaml:3:21: metadata.lables: unknown field "metadata.lables"',
      '    hint: did you mean "labels"?',
      "p.yaml:3:50: metadata.annotations.a: expected a string, found the number 1",
      '    hint: quote it: "1"',
      "p.yaml:3:65: metadata.namespace: Invalid value: \"A\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    ],
  },
  {
    name: "a workload with its template out of place",
    text: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {containers: []}",
    message: ["p.yaml:4:7: spec.template: Required value"],
  },
  {
    name: "a workload with bad labels and ports",
    text: [
      "apiVersion: batch/v1",
      "kind: CronJob",
      "metadata: {name: web}",
      "spec:",
      "  jobTemplate:",
      "    spec:",
      "      template:",
      "        metadata: {labels: {version: 1.10}}",
      "        spec:",
      "          hostNetwork: 'no'",
      "          containers:",
      "          - ports:",
      "            - {name: Web, containerPort: '80', protocol: udp}",
      "            - {port: 80}",
    ].join("\n"),
    message: [
      "p.yaml:8:38: spec.jobTemplate.spec.template.metadata.labels.version: expected a string, found the number 1.10",
      '    hint: quote it: "1.10"',
      'p.yaml:10:24: spec.jobTemplate.spec.template.spec.hostNetwork: expected a boolean, found the string "no"',
      "    hint: write true or false, without quotes",
      'p.yaml:13:22: spec.jobTemplate.spec.template.spec.containers[0].ports[0].name: Invalid value: "Web": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
      'p.yaml:13:42: spec.jobTemplate.spec.template.spec.containers[0].ports[0].containerPort: expected an integer, found the string "80"',
      "    hint: write it without quotes",
      'p.yaml:13:58: spec.jobTemplate.spec.template.spec.containers[0].ports[0].protocol: Unsupported value: "udp": supported values: "TCP", "UDP", "SCTP"',
      '    hint: did you mean "UDP"?',
      "p.yaml:14:15: spec.jobTemplate.spec.template.spec.containers[0].ports[1].containerPort: Required value",
      'p.yaml:14:16: spec.jobTemplate.spec.template.spec.containers[0].ports[1].port: unknown field "spec.jobTemplate.spec.template.spec.containers[0].ports[1].port"',
      '    hint: known here: "containerPort", "hostIP", "hostPort", "name", "protocol"',
    ],
  },
];

const POLICY_CASES: readonly Case[] = [
  {
    name: "an unknown field that is nearly a known one",
    text: policy("podSelector: {}", "ingres: []"),
    message: ['p.yaml:6:3: spec.ingres: unknown field "spec.ingres"', '    hint: did you mean "ingress"?'],
  },
  {
    name: "an unknown field that is like none",
    text: policy("egress:", "- from: []"),
    message: [
      'p.yaml:6:5: spec.egress[0].from: unknown field "spec.egress[0].from"',
      '    hint: known here: "to", "ports"',
    ],
  },
  {
    name: "endPort without port",
    text: policy("ingress:", "- ports:", "  - endPort: 90"),
    message: [
      "p.yaml:7:16: spec.ingress[0].ports[0].endPort: Invalid value: 90: may not be specified when `port` is not specified",
      '    hint: put the first port of the range into "port"',
    ],
  },
  {
    name: "an operator in small letters, one that is none, and no key",
    text: policy(
      "podSelector:",
      "  matchExpressions:",
      "  - {key: a, operator: in, values: [b]}",
      "  - {key: a, operator: Gt}",
      "  - {operator: Exists}",
    ),
    message: [
      'p.yaml:7:26: spec.podSelector.matchExpressions[0].operator: Invalid value: "in": not a valid selector operator',
      '    hint: did you mean "In"?',
      'p.yaml:8:26: spec.podSelector.matchExpressions[1].operator: Invalid value: "Gt": not a valid selector operator',
      '    hint: known here: "In", "NotIn", "Exists", "DoesNotExist"',
      'p.yaml:9:7: spec.podSelector.matchExpressions[2].key: Invalid value: "": name part must be non-empty',
      `p.yaml:9:7: spec.podSelector.matchExpressions[2].key: Invalid value: "": name part ${KEY_RULES}`,
    ],
  },
  {
    name: "wrong types",
    text: policy(
      "policyTypes: Ingress",
      "ingress:",
      "- from: web",
      "- from: {podSelector: {}}",
      "- ports: [80]",
      "- ports: [{port: {}}, {port: true}, {endPort: x, port: 1}, {port: '80'}]",
      "egress:",
      "- to:",
      "  - podSelector: [app]",
    ),
    message: [
      'p.yaml:5:16: spec.policyTypes: expected a list, found the string "Ingress"',
      '    hint: begin each item with "- "',
      'p.yaml:7:11: spec.ingress[0].from: expected a list, found the string "web"',
      '    hint: begin each item with "- "',
      "p.yaml:8:11: spec.ingress[1].from: expected a list, found an object",
      '    hint: begin each item with "- "',
      "p.yaml:9:13: spec.ingress[2].ports[0]: expected an object, found the number 80",
      '    hint: write "- port: 80"',
      "p.yaml:10:20: spec.ingress[3].ports[0].port: expected an integer or a string, found an object",
      "p.yaml:10:32: spec.ingress[3].ports[1].port: expected an integer or a string, found the boolean true",
      'p.yaml:10:49: spec.ingress[3].ports[2].endPort: expected an integer, found the string "x"',
      'p.yaml:10:69: spec.ingress[3].ports[3].port: Invalid value: "80": must contain at least one letter (a-z)',
      "    hint: write the number without quotes: 80",
      "p.yaml:13:20: spec.egress[0].to[0].podSelector: expected an object, found a list",
      '    hint: leave out the "- "',
    ],
  },
  {
    name: "labels that are no text",
    text: policy("podSelector:", "  matchLabels:", "    version: 1", "    live: true", "    app.kubernetes.io/x: [a]"),
    message: [
      "p.yaml:7:16: spec.podSelector.matchLabels.version: expected a string, found the number 1",
      '    hint: quote it: "1"',
      "p.yaml:8:13: spec.podSelector.matchLabels.live: expected a string, found the boolean true",
      '    hint: quote it: "true"',
      "p.yaml:9:28: spec.podSelector.matchLabels[app.kubernetes.io/x]: expected a string, found a list",
    ],
  },
  {
    name: "what YAML 1.1 and 1.2 read differently",
    text: policy(
      "podSelector:",
      "  matchLabels: {a: no, b: 1:30, on: x, 017: x, ~: x}",
      "ingress:",
      "- ports: [{port: 017}, {port: 1_000}, {port: y}]",
    ),
    message: [
      'p.yaml:6:22: spec.podSelector.matchLabels.a: "no" is one thing in YAML 1.1, which kubectl reads, and another in YAML 1.2',
      '    hint: quote it: "no"',
      'p.yaml:6:29: spec.podSelector.matchLabels.b: "1:30" is one thing in YAML 1.1, which kubectl reads, and another in YAML 1.2',
      '    hint: quote it: "1:30"',
      "p.yaml:6:35: spec.podSelector.matchLabels.on: the key on is not text to every reader of YAML",
      '    hint: quote it: "on"',
      "p.yaml:6:42: spec.podSelector.matchLabels.017: the key 017 is not text to every reader of YAML",
      '    hint: quote it: "017"',
      "p.yaml:6:50: spec.podSelector.matchLabels[~]: the key ~ is not text to every reader of YAML",
      '    hint: quote it: "~"',
      `p.yaml:6:50: spec.podSelector.matchLabels: Invalid value: "~": name part ${KEY_RULES}`,
      'p.yaml:8:20: spec.ingress[0].ports[0].port: "017" is one thing in YAML 1.1, which kubectl reads, and another in YAML 1.2',
      "    hint: write the number with decimal digits alone, without a leading zero",
      'p.yaml:8:33: spec.ingress[0].ports[1].port: "1_000" is one thing in YAML 1.1, which kubectl reads, and another in YAML 1.2',
      "    hint: write the number with decimal digits alone, without a leading zero",
      'p.yaml:8:48: spec.ingress[0].ports[2].port: "y" is one thing in YAML 1.1, which kubectl reads, and another in YAML 1.2',
      '    hint: quote it: "y"',
    ],
  },
  {
    name: "control characters and marks that turn the writing round",
    text: policy('podSelector: {matchLabels: {a: "x\\e[2J\\u202Ey\\n"}}'),
    message: [
      "p.yaml:5:34: spec.podSelector.matchLabels: Invalid value: \"x\\u001b[2J\\u{202e}y\\n\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ],
  },
];

describe.each([
  { what: "an object", cases: OBJECT_CASES },
  { what: "a policy", cases: POLICY_CASES },
])("$what is refused with its place, field and hint", ({ cases }) => {
  test.each(cases)("$name", ({ text, message }) => {
    const error = errorOf(text);
    expect(error.message.split("\n")).toEqual(message);
    expect(error).toMatchObject({ code: "MANIFEST_INVALID", kind: "usage", exitCode: 2 });
  });
});

describe("an error about manifests", () => {
  test("names a file called kustomization.yaml and the folder to build", () => {
    expect(errorOf("resources: []", "k8s/overlay/kustomization.yaml").message).toBe(
      "k8s/overlay/kustomization.yaml:1:1: a kustomization is not a manifest, it has to be built into one\n    hint: kubectl kustomize k8s/overlay | netproof prove -f -",
    );
  });

  test("lists the problems of all files in the order of files, lines and columns", () => {
    const files = ["z.yaml", "a.yaml"].map((name) => ({ name, text: policy("a: 1", "podSelector: {b: 1, c: 1}") }));
    let places: readonly string[] = [];
    try {
      parseManifests(files, { defaultNamespace: "default" });
    } catch (error) {
      const problems = (error as UserError).cause as readonly ManifestProblem[];
      places = problems.map(({ place: { file, line, column } }) => `${file}:${line}:${column}`);
    }
    expect(places).toEqual(
      ["z.yaml:5:3", "z.yaml:6:17", "z.yaml:6:23"].concat(["a.yaml:3:18", "a.yaml:5:3", "a.yaml:6:17", "a.yaml:6:23"]),
    );
  });

  test("shows twenty problems and counts the rest", () => {
    const error = errorOf(policy(...Array.from({ length: 23 }, (_, index) => `unlike${"x".repeat(index)}: 1`)));
    const lines = error.message.split("\n");
    expect(lines.filter((line) => line.startsWith("p.yaml:")).length).toBe(20);
    expect(lines.at(-1)).toBe("and 3 more");
    expect(error.cause).toHaveLength(20);
  });
});

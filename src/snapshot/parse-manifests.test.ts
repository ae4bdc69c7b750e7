import { describe, expect, test } from "vitest";
import { type Manifests, parseManifests } from "./index.ts";

function parse(...texts: readonly string[]): Manifests {
  const files = texts.map((text, index) => ({ name: `${index + 1}.yaml`, text }));
  return parseManifests(files, { defaultNamespace: "home" });
}

const POLICY = `# Only the shop's own pods
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: db
  namespace: shop
  uid: 11111111-2222-3333-4444-555555555555
  resourceVersion: "7"
  creationTimestamp: "2026-01-01T00:00:00Z"
  ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: x, uid: y}]
  labels: {team: a}
  annotations: {note: "yes"}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress, Egress]
  ingress:
  - from:
    - podSelector: {matchLabels: {app: api}}
    ports: [{port: 5432}]
  -
    ports: [{port: metrics}]
  egress: [{}, {to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]}]
`;

describe("a policy", () => {
  test("is read with its meaning, its places, and the object to send without the server's metadata", () => {
    const [policy] = parse(POLICY).policies;
    expect(policy).toEqual({
      policy: {
        namespace: "shop",
        name: "db",
        podSelector: [{ key: "app", operator: "In", values: ["db"] }],
        isolates: {
          ingress: [
            {
              peers: [{ kind: "pods", podSelector: [{ key: "app", operator: "In", values: ["api"] }] }],
              ports: [{ kind: "range", protocol: "TCP", from: 5432, to: 5432 }],
            },
            { peers: [], ports: [{ kind: "name", protocol: "TCP", name: "metrics" }] },
          ],
          egress: [
            { peers: [], ports: [] },
            { peers: [{ kind: "ipBlock", cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] }], ports: [] },
          ],
        },
      },
      object: {
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        metadata: { name: "db", namespace: "shop", labels: { team: "a" }, annotations: { note: "yes" } },
        spec: {
          podSelector: { matchLabels: { app: "db" } },
          policyTypes: ["Ingress", "Egress"],
          ingress: [
            { from: [{ podSelector: { matchLabels: { app: "api" } } }], ports: [{ port: 5432 }] },
            { ports: [{ port: "metrics" }] },
          ],
          egress: [{}, { to: [{ ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] } }] }],
        },
      },
      place: { file: "1.yaml", line: 2, column: 1 },
      rulePlaces: {
        ingress: [
          { file: "1.yaml", line: 17, column: 5 },
          { file: "1.yaml", line: 21, column: 5 },
        ],
        egress: [
          { file: "1.yaml", line: 22, column: 12 },
          { file: "1.yaml", line: 22, column: 16 },
        ],
      },
    });
  });

  test("without a namespace is in the default namespace, in its object too", () => {
    const text = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec: {podSelector: {}}";
    const [policy] = parse(text).policies;
    expect(policy?.policy.namespace).toBe("home");
    expect(policy?.object).toMatchObject({ metadata: { name: "p", namespace: "home" } });
  });

  test("written in JSON with tabs is the same policy", () => {
    const { object, policy } = parse(POLICY).policies[0] ?? {};
    const [again] = parse(JSON.stringify(object, null, "\t")).policies;
    expect(again).toMatchObject({ object, policy, place: { line: 1, column: 1 } });
    expect(again?.rulePlaces.ingress.map(({ line, column }) => `${line}:${column}`)).toEqual(["25:4", "41:4"]);
  });

  test("may use anchors, aliases and merges; a rule stands where its alias does", () => {
    const text = [
      "apiVersion: networking.k8s.io/v1",
      "kind: NetworkPolicy",
      "metadata: {name: p}",
      "spec:",
      "  podSelector: {}",
      "  ingress:",
      "  - &web {ports: [{port: 80}]}",
      "  - *web",
      "  - {<<: *web, from: [{podSelector: {}}]}",
      "  - {<<: [{ports: [{port: 81}]}, *web]}",
    ].join("\n");
    const [policy] = parse(text).policies;
    const ports = policy?.policy.isolates.ingress?.map((rule) => rule.ports.map((port) => "from" in port && port.from));
    expect(ports).toEqual([[80], [80], [80], [81]]);
    expect(policy?.rulePlaces.ingress.map(({ line, column }) => `${line}:${column}`)).toEqual([
      "7:10",
      "8:5",
      "9:5",
      "10:5",
    ]);
    expect(policy?.object).toMatchObject({
      spec: { ingress: [{}, {}, { ports: [{ port: 80 }], from: [{ podSelector: {} }] }, { ports: [{ port: 81 }] }] },
    });
  });
});

describe("a file", () => {
  const text = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: NAME}\nspec: {podSelector: {}}";
  const named = (name: string) => text.replace("NAME", name);
  const json = (name: string) =>
    `{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"${name}"}}`;

  test.each([
    { name: "nothing", text: "", policies: [] },
    { name: "comments alone", text: "# a\n---\n# b\n", policies: [] },
    {
      name: "empty documents between others",
      text: `---\n---\n${named("a")}\n---\n# x\n---\n${named("b")}\n...\n`,
      policies: ["3:1", "10:1"],
    },
    { name: "a byte order mark", text: `\uFEFF${named("a")}`, policies: ["1:1"] },
    { name: "line ends of Windows", text: `# x\n${named("a")}`.replaceAll("\n", "\r\n"), policies: ["2:1"] },
    {
      name: "a List",
      text: `apiVersion: v1\nkind: List\nitems:\n- ${json("a")}\n- ${json("b")}`,
      policies: ["4:3", "5:3"],
    },
    { name: "an empty List", text: "apiVersion: v1\nkind: List\nitems: []", policies: [] },
    {
      name: "a NetworkPolicyList whose items do not say what they are",
      text: "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicyList\nitems:\n- metadata: {name: a}\n- metadata: {name: b}",
      policies: ["4:3", "5:3"],
    },
    {
      name: "a List in a List",
      text: `{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"List","items":[${json("a")}]}]}`,
      policies: ["1:85"],
    },
    { name: "JSON objects line by line", text: `${json("a")}\n${json("b")}\n`, policies: ["1:1", "2:1"] },
  ])("may hold $name", ({ text: held, policies }) => {
    expect(parse(held).policies.map(({ place: { line, column } }) => `${line}:${column}`)).toEqual(policies);
  });

  test("may hold the name of another file's object in another namespace or kind", () => {
    const pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: []}";
    const elsewhere = named("a").replace("name: a", "name: a, namespace: away");
    const { policies, workloads } = parse(named("a"), elsewhere, pod);
    expect(policies.map(({ policy }) => policy.namespace)).toEqual(["home", "away"]);
    expect(workloads).toHaveLength(1);
    expect(() => parse(named("a"), named("a").replace("name: a", "name: a, namespace: home"))).toThrow(
      '2.yaml:3:18: metadata.name: NetworkPolicy "a" in namespace "home" is given twice, first at 1.yaml:3:18',
    );
  });
});

test("kinds that netproof has no use for are counted, whatever stands in them", () => {
  const kinds = [
    "v1 ConfigMap",
    "v1 ConfigMap",
    "networking.k8s.io/v1 Ingress",
    "projectcalico.org/v3 NetworkPolicy",
    "kustomize.toolkit.fluxcd.io/v1 Kustomization",
    "example.org/v1 AllowList",
  ];
  const texts = kinds
    .map((kind) => kind.split(" "))
    .map(([version, kind]) => `{apiVersion: ${version}, kind: ${kind}, metadata: 017, on: {y: no}}`);
  expect(parse(texts.join("\n---\n"))).toEqual({
    policies: [],
    namespaces: [],
    workloads: [],
    services: [],
    passedOver: {
      ConfigMap: 2,
      "Ingress.networking.k8s.io": 1,
      "NetworkPolicy.projectcalico.org": 1,
      "Kustomization.kustomize.toolkit.fluxcd.io": 1,
      "AllowList.example.org": 1,
    },
    warnings: [],
  });
});

test("a namespace carries its name as a label, as the server sets it", () => {
  const { namespaces, warnings } = parse(
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: {team: x}}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: b, labels: {kubernetes.io/metadata.name: c}}",
  );
  expect(namespaces).toEqual([
    {
      name: "a",
      labels: { team: "x", "kubernetes.io/metadata.name": "a" },
      place: { file: "1.yaml", line: 1, column: 1 },
    },
    { name: "b", labels: { "kubernetes.io/metadata.name": "b" }, place: { file: "1.yaml", line: 5, column: 1 } },
  ]);
  expect(warnings).toEqual([
    {
      place: { file: "1.yaml", line: 5, column: 1 },
      message: 'the server sets the label "kubernetes.io/metadata.name" to "b", whatever is given',
    },
  ]);
});

describe("a workload", () => {
  const template = `
    metadata: {labels: {app: web, "1": x}}
    spec:
      hostNetwork: true
      initContainers:
      - {name: once, ports: [{containerPort: 1}]}
      - {name: proxy, restartPolicy: Always, ports: [{containerPort: 15001, name: proxy}]}
      containers:
      - {name: web, image: x, ports: [{containerPort: 8080, name: http, hostPort: 80}, {containerPort: 53, protocol: UDP}]}
      - {name: plain}
`;
  const indented = (levels: number) => template.replaceAll("\n", `\n${"  ".repeat(levels)}`);

  test.each([
    { kind: "Deployment", apiVersion: "apps/v1", spec: `spec:\n  template:${template}` },
    { kind: "StatefulSet", apiVersion: "apps/v1", spec: `spec:\n  template:${template}` },
    { kind: "DaemonSet", apiVersion: "apps/v1", spec: `spec:\n  template:${template}` },
    { kind: "ReplicaSet", apiVersion: "apps/v1", spec: `spec:\n  template:${template}` },
    { kind: "Job", apiVersion: "batch/v1", spec: `spec:\n  template:${template}` },
    {
      kind: "CronJob",
      apiVersion: "batch/v1",
      spec: `spec:\n  jobTemplate:\n    spec:\n      template:${indented(2)}`,
    },
  ])("of kind $kind is read by its pod template", ({ kind, apiVersion, spec }) => {
    const head = `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: web, namespace: shop, labels: {own: x}}\n`;
    expect(parse(`\n${head}${spec}`).workloads).toEqual([
      {
        kind,
        namespace: "shop",
        name: "web",
        labels: { app: "web", "1": "x" },
        ports: [
          { name: "http", port: 8080, protocol: "TCP" },
          { port: 53, protocol: "UDP" },
          { name: "proxy", port: 15001, protocol: "TCP" },
        ],
        hostNetwork: true,
        place: { file: "1.yaml", line: 2, column: 1 },
      },
    ]);
  });

  test("of kind Pod is its own template, and may have a generated name, several times", () => {
    const pod =
      "apiVersion: v1\nkind: Pod\nmetadata: {generateName: a-, labels: {app: a}}\nspec: {containers: [{name: a}]}";
    expect(parse(`${pod}\n---\n${pod}`).workloads.map(({ place, ...workload }) => workload)).toEqual(
      Array(2).fill({
        kind: "Pod",
        namespace: "home",
        name: "a-",
        labels: { app: "a" },
        ports: [],
        hostNetwork: false,
      }),
    );
  });
});

describe("a warning is given for", () => {
  test.each([
    {
      name: "a null rule",
      spec: "{podSelector: {}, ingress: [null]}",
      warnings: ["spec.ingress[0]: null is stored as {}, which allows all ingress"],
    },
    {
      name: "a null port",
      spec: "{podSelector: {}, egress: [{ports: [~]}]}",
      warnings: ["spec.egress[0].ports[0]: null is stored as {protocol: TCP}, which allows every TCP port"],
    },
    {
      name: "an empty list of peers",
      spec: "{podSelector: {}, ingress: [{from: []}]}",
      warnings: ["spec.ingress[0].from: an empty list allows every source"],
    },
    {
      name: "null for peers and ports",
      spec: "{podSelector: {}, egress: [{to: null, ports: null}]}",
      warnings: [
        "spec.egress[0].to: an empty list allows every destination",
        "spec.egress[0].ports: an empty list allows every port",
      ],
    },
    {
      name: "a null selector of a peer",
      spec: "{podSelector: {}, ingress: [{from: [{podSelector: {}, namespaceSelector: }]}]}",
      warnings: ["spec.ingress[0].from[0].namespaceSelector: null is read as absent, not as the empty selector {}"],
    },
    {
      name: "a null podSelector",
      spec: "{podSelector: }",
      warnings: ["spec.podSelector: no podSelector is given, so the policy applies to every pod of the namespace"],
    },
    {
      name: "an absent podSelector",
      spec: "{ingress: []}",
      warnings: ["spec: no podSelector is given, so the policy applies to every pod of the namespace"],
    },
    {
      name: "no spec",
      spec: "",
      warnings: ["no spec is given, so the policy isolates every pod of the namespace for ingress"],
    },
    {
      name: "rules of a direction that policyTypes leaves out",
      spec: "{podSelector: {}, policyTypes: [Egress], ingress: []}",
      warnings: ['spec.ingress: this has no effect, because policyTypes does not name "Ingress"'],
    },
    {
      name: "an empty egress without policyTypes",
      spec: "{podSelector: {}, egress: []}",
      warnings: ['spec.egress: an empty list denies nothing unless policyTypes names "Egress"'],
    },
    {
      name: "a null label value",
      spec: "{podSelector: {matchLabels: {app: }}}",
      warnings: ['spec.podSelector.matchLabels.app: null is stored as the empty value ""'],
    },
    {
      name: "a null value of In",
      spec: "{podSelector: {matchExpressions: [{key: a, operator: In, values: [~]}]}}",
      warnings: ['spec.podSelector.matchExpressions[0].values[0]: null is stored as the empty value ""'],
    },
    {
      name: "nothing in a plain policy",
      spec: "{podSelector: {}, policyTypes: [Ingress, Egress], ingress: [], egress: [{to: [{podSelector: {}}], ports: [{}]}]}",
      warnings: [],
    },
  ])("$name", ({ spec, warnings }) => {
    const text = `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec: ${spec}`;
    expect(parse(text).warnings.map(({ message }) => message)).toEqual(warnings);
  });
});

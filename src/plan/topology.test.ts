import { describe, expect, it } from "vitest";
import type { Manifests } from "../snapshot/index.ts";
import { deployment, intent, policies } from "./testing.ts";
import { planTopology, type Topology } from "./topology.ts";

const FROM_API = `{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: api}}}]}]}`;

describe("the pods of a proof", () => {
  it("are one that each selector selects, near misses, and one without labels", () => {
    const { pods } = plan(policies({ "shop/db": FROM_API }));
    expect(namesIn(pods, "shop")).toEqual(["api", "db", "not-api", "not-db", "unlabelled"]);
    expect(pods.find(({ name }) => name === "not-db")).toMatchObject({
      labels: { app: "not-db" },
      role: "near-miss",
      why: "fails only app=db",
    });
  });

  it("include the right labels in the wrong namespace", () => {
    const { pods } = plan(policies({ "shop/db": FROM_API }));
    expect(namesIn(pods, "elsewhere")).toEqual(["api", "db", "unlabelled"]);
  });

  it("are the workloads of the files, as they are, where these are selected", () => {
    const files = policies(
      { "shop/db": FROM_API },
      deployment("shop/postgres", "{app: db}", "[{name: sql, containerPort: 5432}]"),
    );
    const { pods } = plan(files);
    expect(pods.find(({ name }) => name === "postgres")).toMatchObject({
      role: "workload",
      why: "Deployment shop/postgres",
      labels: { app: "db" },
      ports: [{ name: "sql", port: 5432, protocol: "TCP" }],
    });
    expect(namesIn(pods, "shop")).not.toContain("db");
  });

  it("are one for each value of an In", () => {
    const { pods } = plan(
      policies({ "shop/p": "{podSelector: {matchExpressions: [{key: app, operator: In, values: [a, b]}]}}" }),
    );
    expect(namesIn(pods, "shop")).toEqual(expect.arrayContaining(["a", "b", "not-a"]));
  });

  it("are one for each of five values of an In, and the others are named", () => {
    const spec = "{podSelector: {matchExpressions: [{key: app, operator: In, values: [a, b, c, d, e, f, g]}]}}";
    const { pods, notTested } = plan(policies({ "shop/p": spec }, deployment("shop/g", "{app: g}")));
    expect(namesIn(pods, "shop")).toEqual(expect.arrayContaining(["a", "b", "c", "d", "e"]));
    expect(notTested).toEqual([
      { what: "labels that a selector selects: app=f", reason: "only 5 of a selector's values are placed" },
    ]);
  });

  it("never share a name, and carry names from their labels", () => {
    const files = policies({
      "shop/p": "{podSelector: {matchLabels: {app: web}}}",
      "shop/q": "{podSelector: {matchLabels: {name: web}}}",
    });
    const names = plan(files).pods.map(({ namespace, name }) => `${namespace}/${name}`);
    expect(names).toEqual(expect.arrayContaining(["shop/web", "shop/web-2"]));
    expect(new Set(names).size).toBe(names.length);
  });

  it("declare no name twice in one pod, though it stands for ports of two protocols", () => {
    const items = "{port: dns}, {port: dns, protocol: UDP}";
    const many = "abcdef"
      .split("")
      .map((app) => `{podSelector: {matchLabels: {app: ${app}}}, ingress: [{ports: [${items}]}]}`);
    const { pods } = plan(policies(Object.fromEntries(many.map((spec, index) => [`shop/p${index}`, spec]))));
    const declared = pods.flatMap((pod) =>
      pod.ports.map(({ name, protocol }) => `${pod.namespace}/${pod.name} ${name} ${protocol}`),
    );
    expect(new Set(declared.map((text) => text.replace(/ \w+$/, ""))).size).toBe(declared.length);
    expect(new Set(declared.map((text) => text.replace(/.* /, "")))).toEqual(new Set(["TCP", "UDP"]));
  });

  it("declare a named port under one number, under another, or not at all", () => {
    const files = policies({
      "shop/p": "{podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: http}]}]}",
    });
    const { pods, ports } = plan(files);
    const [named] = ports.named;
    const numbers = new Set(pods.map((pod) => pod.ports.find(({ name }) => name === "http")?.port));
    expect(numbers).toEqual(new Set([named?.numbers[0], named?.numbers[1], undefined]));
  });

  it("are no more than the limit, and what was left out is said", () => {
    const { pods, notTested } = plan(policies({ "shop/db": FROM_API }), { maxPods: 3 });
    expect(pods).toHaveLength(3);
    expect(pods.map(({ role }) => role)).not.toContain("near-miss");
    expect(notTested).toContainEqual({
      what: "peers of rules (1), near misses (4)",
      reason: "the limit of 3 pods is reached (--max-pods)",
    });
  });

  it("keep those without labels before the peers of rules", () => {
    const peers = Array.from({ length: 20 }, (_, index) => `{podSelector: {matchLabels: {app: a${index}}}}`).join();
    const { pods } = plan(
      policies({ "shop/db": `{podSelector: {matchLabels: {app: db}}, ingress: [{from: [${peers}]}]}` }),
      {
        maxPods: 10,
      },
    );
    expect(pods.slice(0, 3).map(({ namespace, name }) => `${namespace}/${name}`)).toEqual([
      "shop/db",
      "elsewhere/unlabelled",
      "shop/unlabelled",
    ]);
  });

  it("are none for a policy that selects nothing, or that the limit leaves out", () => {
    const files = policies({
      "shop/a":
        "{podSelector: {matchExpressions: [{key: app, operator: In, values: [x]}, {key: app, operator: NotIn, values: [x]}]}}",
      "shop/b": "{podSelector: {matchLabels: {app: b}}}",
      "shop/c": "{podSelector: {matchLabels: {app: c}}}",
    });
    expect(plan(files, { maxPods: 1 }).unplaced).toEqual([
      { policy: "shop/a", reason: "its podSelector selects nothing, since its requirements contradict each other" },
      { policy: "shop/c", reason: "no pod that it selects could be placed (--max-pods)" },
    ]);
  });

  it("never take the name of a workload that has no place", () => {
    const host = `{apiVersion: v1, kind: Pod, metadata: {namespace: shop, name: db, labels: {app: db}}, spec: {hostNetwork: true, containers: [{name: a, image: x}]}}`;
    const { pods, workloads } = plan(policies({ "shop/db": FROM_API }, host));
    expect(pods.find(({ labels }) => labels.app === "db")?.name).toBe("db-2");
    expect(workloads).toMatchObject([{ name: "db", absent: expect.stringContaining("hostNetwork") }]);
  });

  it("have another name where two workloads share one, and say which they are", () => {
    const job = `{apiVersion: batch/v1, kind: Job, metadata: {namespace: shop, name: db}, spec: {template: {metadata: {labels: {app: job}}, spec: {containers: [{name: a, image: x}]}}}}`;
    const both = [deployment("shop/db", "{app: db}"), job].join("\n---\n");
    const { pods } = plan(policies({ "shop/db": FROM_API }, both));
    expect(pods.slice(0, 2).map(({ name, why }) => [name, why])).toEqual([
      ["db", "Deployment shop/db"],
      ["db-job", "Job shop/db"],
    ]);
  });

  it("leave out hostNetwork workloads, with the reason", () => {
    const host = `{apiVersion: v1, kind: Pod, metadata: {namespace: shop, name: agent}, spec: {hostNetwork: true, containers: [{name: a, image: x}]}}`;
    const { pods, notTested } = plan(policies({ "shop/db": FROM_API }, host));
    expect(namesIn(pods, "shop")).not.toContain("agent");
    expect(notTested.map(({ what }) => what)).toContain("Pod shop/agent");
  });
});

describe("the namespaces of a proof", () => {
  const FROM_TEAM = "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: front}}}]}]}";

  it("are those of the policies, one for each namespaceSelector, its near misses, and one that nobody mentions", () => {
    const { namespaces } = plan(policies({ "shop/p": FROM_TEAM }));
    expect(namespaces).toEqual([
      { name: "shop", labels: {} },
      { name: "elsewhere", labels: {} },
      { name: "front", labels: { team: "front" } },
      { name: "not-front", labels: { team: "not-front" } },
    ]);
  });

  it("are the ones in the files, with their labels, where these are selected", () => {
    const web = "{apiVersion: v1, kind: Namespace, metadata: {name: web, labels: {team: front}}}";
    const { namespaces, pods } = plan(policies({ "shop/p": FROM_TEAM }, web));
    expect(namespaces.map(({ name }) => name)).toEqual(["web", "shop", "elsewhere", "not-front"]);
    expect(namesIn(pods, "web")).toHaveLength(1);
  });

  it("have the name that a selector on kubernetes.io/metadata.name asks for", () => {
    const selector =
      "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}, podSelector: {matchLabels: {k8s-app: kube-dns}}}";
    const { pods, notTested } = plan(
      policies({ "shop/dns": `{podSelector: {}, policyTypes: [Egress], egress: [{to: [${selector}]}]}` }),
    );
    expect(namesIn(pods, "kube-system")).toEqual(expect.arrayContaining(["kube-dns", "not-kube-dns"]));
    // A near miss is nobody's: nothing real is left out by it.
    expect(notTested.map(({ what }) => what)).toEqual(["the real pods of namespace kube-system"]);
  });

  it.each([
    { values: "[shop]", name: "elsewhere" },
    { values: "[shop, elsewhere]", name: "elsewhere-2" },
  ])("have no name that a selector refuses: $values", ({ values, name }) => {
    const selector = `{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: ${values}}]}, podSelector: {matchLabels: {role: client}}}`;
    const { pods } = plan(policies({ "shop/db": `{podSelector: {}, ingress: [{from: [${selector}]}]}` }));
    const client = pods.find(({ why }) => why === "selected by role=client");
    expect(client).toMatchObject({ namespace: name, role: "selected" });
    expect(namesIn(pods, "shop")).toContain("client");
  });

  it("are no near miss where the selector selects them", () => {
    const selector = "{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: Exists}]}}";
    const { pods } = plan(policies({ "shop/db": `{podSelector: {}, ingress: [{from: [${selector}]}]}` }));
    expect(pods.map(({ why }) => why)).not.toContainEqual(expect.stringContaining("namespace fails"));
  });

  it("say which selector no namespace can meet", () => {
    const selector =
      "{namespaceSelector: {matchExpressions: [{key: a, operator: Exists}, {key: a, operator: DoesNotExist}]}}";
    const { notTested } = plan(policies({ "shop/p": `{podSelector: {}, ingress: [{from: [${selector}]}]}` }));
    expect(notTested[0]).toMatchObject({ what: "namespaceSelector a Exists, a DoesNotExist" });
  });
});

describe("the ports of a proof", () => {
  it("are both ends of a range, one beyond, the same numbers under the other protocol, and one that nobody mentions", () => {
    const { ports } = plan(
      policies({ "shop/p": "{podSelector: {}, ingress: [{ports: [{port: 8000, endPort: 8010}]}]}" }),
    );
    const numbers = [...new Set(ports.probed.map(({ port }) => port))];
    expect(numbers).toEqual([7777, 7999, 8000, 8010, 8011]);
    expect(ports.probed.filter(({ port }) => port === 8000).map(({ protocol }) => protocol)).toEqual(["TCP", "UDP"]);
  });

  it("never leave the numbers that ports have", () => {
    const { ports } = plan(
      policies({ "shop/p": "{podSelector: {}, ingress: [{ports: [{port: 1, endPort: 65535}]}]}" }),
    );
    expect(ports.probed.every(({ port }) => port >= 1 && port <= 65_535)).toBe(true);
    expect(ports.unmentioned).toBeUndefined();
  });

  it("keep the kubelet's port apart", () => {
    const { ports } = plan(policies({ "shop/p": "{podSelector: {}, ingress: [{ports: [{port: 61001}]}]}" }));
    expect(ports.probed.map(({ port }) => port)).not.toContain(ports.health);
  });

  it("are a thousand at most, those of the intent first, and the others are named", () => {
    const items = Array.from({ length: 2000 }, (_, index) => `{port: ${2 * index + 1}}`).join();
    const files = policies({ "shop/p": `{podSelector: {}, ingress: [{ports: [${items}]}]}` });
    const required = intent("deny: [{from: '*', to: shop/unlabelled, port: 40000-50000/TCP}]");
    const { ports, notTested } = planTopology(files, required, OPTIONS);
    const numbers = new Set(ports.probed.map(({ port }) => port));
    expect(numbers.size).toBe(1000);
    expect([...numbers]).toEqual(expect.arrayContaining([40_000, 50_000]));
    expect(notTested).toContainEqual({
      what: "1003 further ports, such as 1995, 1997, 1999",
      reason: "pods do not listen on so many",
    });
  });

  it.each(["{port: 80, protocol: SCTP}", "{port: 80}"])(
    "are those of SCTP too only where somebody speaks of it: %s",
    (item) => {
      const { ports } = plan(policies({ "shop/p": `{podSelector: {}, ingress: [{ports: [${item}]}]}` }));
      expect(ports.probed.some(({ protocol }) => protocol === "SCTP")).toBe(item.includes("SCTP"));
    },
  );
});

describe("an intent that names what is not there", () => {
  it.each([
    {
      line: "deny: [{from: shop/dbb, to: shop/api}]",
      message: /there is no workload "shop\/dbb"/,
      hint: /did you mean "shop\/db"/,
    },
    {
      line: "deny: [{from: shpo/*, to: shop/api}]",
      message: /there is no namespace "shpo"/,
      hint: /did you mean "shop"/,
    },
  ])("is refused with the nearest name: $line", ({ line, message, hint }) => {
    const refused = (): Topology => planTopology(policies({ "shop/db": FROM_API }), intent(line), OPTIONS);
    expect(refused).toThrow(message);
    expect(refused).toThrow(hint);
    expect(refused).toThrow(/^intent\.yaml:3:/);
  });
});

it("the same files give the same topology", () => {
  const files = policies({ "shop/db": FROM_API, "shop/q": "{podSelector: {}, ingress: [{ports: [{port: http}]}]}" });
  expect(JSON.stringify(plan(files))).toBe(JSON.stringify(plan(files)));
});

const OPTIONS = { maxPods: 60, clusterCidrs: ["10.244.0.0/16", "10.96.0.0/16"], families: [4] as const, externals: [] };

function plan(manifests: Manifests, options: Partial<typeof OPTIONS> = {}): Topology {
  return planTopology(manifests, intent(), { ...OPTIONS, ...options });
}

function namesIn(pods: Topology["pods"], namespace: string): string[] {
  return pods
    .filter((pod) => pod.namespace === namespace)
    .map(({ name }) => name)
    .sort();
}

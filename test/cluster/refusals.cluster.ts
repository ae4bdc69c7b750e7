import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { netproof, temporaryFolder, writeFiles } from "../testing/netproof.ts";
import { connect, IMAGE, remains, type TestCluster, until } from "./testing/cluster.ts";
import { userWithout } from "./testing/users.ts";

const folder = temporaryFolder();
const DENY = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]}
`;

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await connect();
});
afterAll(() => cluster[Symbol.asyncDispose]());

/** Ends with exit 3, says the one and the other on stderr, and leaves nothing. */
async function isRefused(flags: readonly string[], what: RegExp, remedy: RegExp): Promise<void> {
  const { code, stderr, stdout } = await netproof(["prove", "-f", "-", "--probe-image", IMAGE, ...flags], {
    stdin: DENY,
  });
  expect(code, stdout + stderr).toBe(3);
  expect(stderr).toMatch(what);
  expect(stderr).toMatch(remedy);
  expect(stderr).not.toMatch(/^\s+at .*\(/m);
  await until("that nothing remains", async () => ((await remains(cluster)).length === 0 ? true : undefined));
}

async function asUserWithout(...missing: Parameters<typeof userWithout>[1][]): Promise<string[]> {
  const file = join(folder, `${missing.join("-")}.kubeconfig`);
  writeFiles(folder, { [`${missing.join("-")}.kubeconfig`]: await userWithout(cluster, ...missing) });
  return ["--kubeconfig", file];
}

describe("a user", () => {
  it("who may not create namespaces is offered --run-namespace, and can prove there", async () => {
    const flags = await asUserWithout("namespaces");
    await isRefused(flags, /create namespace/, /--run-namespace/);
    const namespace = await cluster.namespace();
    const within = ["prove", "-f", "-", "--probe-image", IMAGE, "--run-namespace", namespace, ...flags];
    const { code, stderr, stdout } = await netproof(within, { stdin: DENY });
    expect(code, stdout + stderr).toBe(inject("enforcement") === "enforced" ? 0 : 4);
  });

  it("who may not create pods hears which right is missing", async () => {
    await isRefused(await asUserWithout("pods"), /create pod/, /Grant this right/);
  });

  it("who may not exec hears which right is missing", async () => {
    await isRefused(await asUserWithout("exec"), /session/, /pods\/exec/);
  });

  it("who may not create policies hears which right is missing", async () => {
    await isRefused(await asUserWithout("policies"), /create NetworkPolicy/, /Grant this right/);
  });
});

describe("a namespace", () => {
  it("with a quota that is full", async () => {
    const namespace = await cluster.namespace();
    await cluster.make(`/api/v1/namespaces/${namespace}/resourcequotas`, {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "few" },
      spec: { hard: { pods: "2" } },
    });
    await isRefused(["--run-namespace", namespace], /exceeded quota: few/, /quota/);
  });

  it("whose admission policy refuses the pods", async () => {
    const namespace = await cluster.namespace();
    const group = "/apis/admissionregistration.k8s.io/v1";
    await cluster.make(`${group}/validatingadmissionpolicies`, {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicy",
      metadata: { name: namespace },
      spec: {
        matchConstraints: {
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
          resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
        },
        validations: [{ expression: "'team' in object.metadata.labels", message: "every pod needs a team" }],
      },
    });
    await cluster.make(`${group}/validatingadmissionpolicybindings`, {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: { name: namespace },
      spec: { policyName: namespace, validationActions: ["Deny"] },
    });
    // It takes effect some time after it is stored.
    const pods = `/api/v1/namespaces/${namespace}/pods?dryRun=All`;
    const body = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "try" },
      spec: { containers: [{ name: "a", image: "a" }] },
    };
    await until("the admission policy", () =>
      cluster.post(pods, body).then(
        () => undefined,
        () => true,
      ),
    );
    await isRefused(["--run-namespace", namespace], /every pod needs a team/, /admission/);
  });

  it("whose admission webhook does not answer", async () => {
    const namespace = await cluster.namespace();
    await cluster.make("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingWebhookConfiguration",
      metadata: { name: namespace },
      webhooks: [
        {
          name: "gone.netproof.dev",
          admissionReviewVersions: ["v1"],
          sideEffects: "None",
          timeoutSeconds: 1,
          clientConfig: { service: { name: "gone", namespace } },
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
          rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
        },
      ],
    });
    await isRefused(["--run-namespace", namespace], /gone.netproof.dev/, /webhook/);
  });
});

describe("an image", () => {
  it("that does not exist", async () => {
    const image = "localhost/netproof-nowhere:0";
    await isRefused(["--probe-image", image], /netproof-nowhere:0/, /image save/);
  });
});

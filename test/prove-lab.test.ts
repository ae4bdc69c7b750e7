import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import type { RunRecord } from "../src/report/index.ts";
import { labReason } from "./testing/lab.ts";
import { netproof, ROOT, temporaryFolder, writeFiles } from "./testing/netproof.ts";

const folder = temporaryFolder();
const SHOP = join(ROOT, "scenarios/three-tier");
const INGRESS_ONLY = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: api}}}]
    ports: [{port: 5432}]
`;
writeFiles(folder, { "ingress.yaml": INGRESS_ONLY });
const ingress = join(folder, "ingress.yaml");

const MANY = { concurrent: true, timeout: 120_000 } as const;

describe.skipIf(labReason)(`a proof in the lab${labReason ?? ""}`, MANY, () => {
  it("proves policies on a faithful cluster, and says who is isolated from whom", async () => {
    const { code, stdout, stderr } = await netproof(["prove", "-f", SHOP, "--lab"]);
    expect(stdout).toMatch(/^PROVEN: 4 policies/);
    expect(stdout).toContain("shop/db\n    from shop/api on 5432/TCP\n    to   nobody");
    expect(stderr).toContain("baseline");
    expect(code).toBe(0);
  });

  it("writes a record that its schema describes, of every connection with what was seen in each phase", async () => {
    const { code, stdout } = await netproof(["prove", "-f", SHOP, "--lab", "-o", "json"]);
    expect(code).toBe(0);
    const record: RunRecord = JSON.parse(stdout);
    const schema = JSON.parse(readFileSync(join(ROOT, "schemas/run-record.schema.json"), "utf8"));
    const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema);
    expect(validate(record), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true);
    expect(record.connections.every(({ phases }) => phases.baseline && phases.enforced && phases.restored)).toBe(true);
    expect(record.outcome.counts.conforms).toBeGreaterThan(100);
    const denied = record.connections.find(({ id }) => id === "shop/front > shop/db 5432/TCP");
    expect(denied).toMatchObject({ expectation: "deny", verdict: "conforms", deniedBy: ["egress", "ingress"] });
    expect(denied?.phases.baseline?.observation).toBe("connected");
    expect(denied?.phases.enforced?.observation).toBe("timed-out");
    expect(denied?.phases.restored?.observation).toBe("connected");
  });

  it("reads stdin, and several files together", async () => {
    const other = INGRESS_ONLY.replace("name: db,", "name: db2,").replace("5432", "5433");
    const { code, stdout } = await netproof(["prove", "-f", ingress, "-f", "-", "--lab"], { stdin: other });
    expect(stdout).toMatch(/^PROVEN: 2 policies/);
    expect(code).toBe(0);
  });

  it("reaches a host outside the cluster as the ipBlocks say", async () => {
    const policy = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: out, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
  - to: [{ipBlock: {cidr: 198.51.100.0/24, except: [198.51.100.128/25]}}]
    ports: [{port: 443}]
`;
    const { code, stdout } = await netproof(["prove", "-f", "-", "--lab", "-o", "json"], { stdin: policy });
    const record: RunRecord = JSON.parse(stdout);
    const expectations = new Map(record.connections.map(({ id, expectation }) => [id, expectation]));
    expect(expectations.get("shop/unlabelled > 198.51.100.0 443/TCP")).toBe("allow");
    expect(expectations.get("shop/unlabelled > 198.51.100.128 443/TCP")).toBe("deny");
    expect(expectations.get("shop/unlabelled > 198.51.101.0 443/TCP")).toBe("deny");
    expect(code).toBe(0);
  });

  it("proves the same where denied packets are rejected", async () => {
    const { code, stdout } = await netproof(["prove", "-f", SHOP, "--lab", "--lab-denial", "reject", "-o", "json"]);
    const record: RunRecord = JSON.parse(stdout);
    const seen = new Set(record.connections.map(({ phases }) => phases.enforced?.observation));
    expect([...seen].sort()).toEqual(expect.arrayContaining(["connected", "refused"]));
    expect(code).toBe(0);
  });

  it("ends with exit 3 where the policies deny nothing", async () => {
    const open = INGRESS_ONLY.replace(/spec:[\s\S]*/, "spec: {podSelector: {}, ingress: [{}]}\n");
    const { code, stdout } = await netproof(["prove", "-f", "-", "--lab"], { stdin: open });
    expect(stdout).toMatch(/^INCONCLUSIVE: isolates nothing/);
    expect(code).toBe(3);
  });
});

describe.skipIf(labReason)("a lab that misreads policies", MANY, () => {
  it.each([
    { fault: "nothing-enforced", files: SHOP, code: 4, text: /^NOT ENFORCED/ },
    { fault: "ingress-not-enforced", files: SHOP, code: 1, text: /diagnosis: ingress-not-enforced/ },
    { fault: "egress-not-enforced", files: SHOP, code: 1, text: /diagnosis: egress-not-enforced/ },
    { fault: "slow-programming", files: SHOP, code: 0, text: /^PROVEN/ },
  ])("is caught with $fault: exit $code", async ({ fault, files, code, text }) => {
    const ended = await netproof(["prove", "-f", files, "--lab", "--lab-fault", fault]);
    expect(ended.stdout).toMatch(text);
    expect(ended.code).toBe(code);
  });

  it("and programs slowly is measured", async () => {
    const { stdout } = await netproof([
      "prove",
      "-f",
      ingress,
      "--lab",
      "--lab-fault",
      "slow-programming",
      "-o",
      "json",
    ]);
    const { convergence }: RunRecord = JSON.parse(stdout);
    expect(convergence?.stableMs).toBeGreaterThan(1500);
  });
});

describe.skipIf(labReason)("a failing environment is never a pass, and a poor one no failure", MANY, () => {
  it.each([
    { fault: "agent-killed", text: /session with .* was lost/ },
    { fault: "exec-cut", text: /session with .* was lost/ },
    { fault: "listener-missing", text: /did not answer its own pod/ },
    { fault: "interface-down", text: /nothing showed that the network of .* works/ },
    { fault: "api-away", text: /the API server at .* does not answer/ },
  ])("$fault gives exit 3 with its reason", async ({ fault, text }) => {
    const { code, stdout } = await netproof(["prove", "-f", SHOP, "--lab", "--lab-fault", fault]);
    expect(stdout).toMatch(/^INCONCLUSIVE/);
    expect(stdout).toMatch(text);
    expect(code).toBe(3);
  });

  it("one packet in a hundred lost convicts nobody", async () => {
    const { code, stdout } = await netproof(["prove", "-f", SHOP, "--lab", "--lab-fault", "packet-loss"]);
    expect(stdout).toMatch(/^PROVEN/);
    expect(code).toBe(0);
  });

  it("a pod that never starts gives exit 3 and names it", async () => {
    const { code, stdout, stderr } = await netproof([
      ...["prove", "-f", ingress, "--lab", "--lab-fault", "pod-never-starts", "--ready-timeout", "3"],
    ]);
    expect(stderr).toMatch(/Waited 3 s for pods to run: shop\/\w+: Pending, ContainerCreating/);
    expect(stdout).toBe("");
    expect(code).toBe(3);
  });
});

describe.skipIf(labReason)("what must and must not connect", MANY, () => {
  it.each([
    { line: "deny: [{from: shop/front, to: shop/db}]", code: 0, text: /met +deny shop\/front > shop\/db/ },
    {
      line: "deny: [{from: shop/api, to: shop/db}]",
      code: 1,
      text: /VIOLATED deny .*\n +shop\/api > shop\/db: the policies allow 5432\/TCP/,
    },
    { line: "allow: [{from: shop/api, to: shop/db, port: 5432/TCP}]", code: 0, text: /met +allow/ },
    { line: "allow: [{from: shop/front, to: shop/db, port: 5432/TCP}]", code: 1, text: /VIOLATED allow/ },
    { line: "deny: [{from: '*', to: 169.254.169.254/32}]", code: 1, text: /VIOLATED deny \* > 169/ },
    { line: "deny: [{from: shop/*, to: 169.254.169.254/32}]", code: 0, text: /met +deny shop\/\* > 169/ },
  ])("is checked against the policies and against what was seen: $line", async ({ line, code, text }) => {
    const intent = `apiVersion: netproof.dev/v1\nkind: Intent\n${line}\n`;
    writeFiles(folder, { [`intent-${code}.yaml`]: intent });
    const ended = await netproof(["prove", "-f", SHOP, "--lab", "--require", join(folder, `intent-${code}.yaml`)]);
    expect(ended.stdout).toMatch(text);
    expect(ended.code).toBe(code);
  });
});

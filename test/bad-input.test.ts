import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { netproof, temporaryFolder, writeFiles } from "./testing/netproof.ts";

const folder = temporaryFolder();
const HEAD = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: db\n  namespace: shop\n";
const GOOD = `${HEAD}spec:\n  podSelector: {}\n`;

describe("bad input ends with exit 2, a place and a hint, and nothing is made", () => {
  it.each([
    { name: "a tab", files: { "tab.yaml": `${HEAD}spec:\n\tpodSelector: {}\n` }, message: /tab\.yaml:7:1: .*tab/i },
    {
      name: "an unknown field",
      files: { "field.yaml": `${GOOD}  ingres: []\n` },
      message: /field\.yaml:8:3: spec\.ingres: unknown field/,
      hint: /did you mean "ingress"/,
    },
    {
      name: "endPort without port",
      files: { "end.yaml": `${GOOD}  ingress:\n  - ports:\n    - endPort: 90\n` },
      message: /end\.yaml:10:\d+: spec\.ingress\[0\]\.ports\[0\]\.endPort: .*port/,
    },
    {
      name: "a duplicate name",
      files: { "twice.yaml": `${GOOD}---\n${GOOD}` },
      message: /twice\.yaml:\d+:\d+: .*given twice, first at .*twice\.yaml:4:\d+/,
      hint: /rename/,
    },
    {
      name: "a bad operator",
      files: {
        "operator.yaml": `${HEAD}spec:\n  podSelector:\n    matchExpressions:\n    - {key: app, operator: Inn, values: [a]}\n`,
      },
      message: /operator\.yaml:9:\d+: .*operator: .*not a valid selector operator/,
      hint: /did you mean "In"/,
    },
    {
      name: "a binary file",
      files: { "binary.yaml": Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 1, 255, 254]) },
      message: /binary\.yaml:1:\d+: /,
      hint: /UTF-8/,
    },
    {
      name: "a file of 50 MB",
      files: { "huge.yaml": `# ${"x".repeat(50 << 20)}\n` },
      message: /huge\.yaml:1:1: .*8388608/,
      hint: /split/,
    },
    { name: "an alias bomb", files: { "bomb.yaml": bomb() }, message: /bomb\.yaml:\d+:\d+: .*alias/i },
    {
      name: "a Helm template",
      files: { "helm.yaml": `${HEAD}spec:\n{{- if .Values.x }}\n  podSelector: {}\n{{- end }}\n` },
      message: /helm\.yaml:7:1: /,
      hint: /helm template/,
    },
    {
      name: "a chart",
      files: { "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\n" },
      message: /Chart\.yaml:1:1: a chart is not a manifest/,
      hint: /helm template/,
    },
    {
      name: "a kustomization",
      files: {
        "kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n",
      },
      message: /kustomization\.yaml:\d+:\d+: /,
      hint: /kubectl kustomize/,
    },
    {
      name: "a number that YAML 1.1 reads otherwise",
      files: { "octal.yaml": `${GOOD}  ingress:\n  - ports:\n    - port: 017\n` },
      message: /octal\.yaml:10:\d+: .*YAML 1\.1/,
    },
  ])("$name", async ({ files, message, hint }) => {
    writeFiles(folder, files as Record<string, string | Uint8Array>);
    const [name = ""] = Object.keys(files);
    const { code, stdout, stderr } = await netproof(["prove", "-f", join(folder, name), "--lab"]);
    expect(stderr).toMatch(message);
    if (hint) expect(stderr).toMatch(hint);
    expect(stdout).toBe("");
    expect(stderr).not.toMatch(/starting the lab|bug/);
    expect(code).toBe(2);
  });

  it("an empty folder", async () => {
    mkdirSync(join(folder, "empty"));
    const { code, stderr } = await netproof(["prove", "-f", join(folder, "empty"), "--lab"]);
    expect(stderr).toMatch(/Found no manifest in folder ".*empty"/);
    expect(stderr).toMatch(/-R/);
    expect(code).toBe(2);
  });

  it("a folder without any policy", async () => {
    mkdirSync(join(folder, "none"));
    writeFiles(join(folder, "none"), { "map.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n" });
    const { code, stderr } = await netproof(["prove", "-f", join(folder, "none"), "--lab"]);
    expect(stderr).toMatch(/Found no NetworkPolicy in ".*none" \(passed over: 1 ConfigMap\)/);
    expect(code).toBe(2);
  });

  it.each([
    { args: ["prove", "--lab"], message: /required option '-f, --filename <path>' not specified/ },
    {
      args: ["prove", "-f", "/does/not/exist", "--lab"],
      message: /Cannot read "\/does\/not\/exist": there is no such file or folder/,
    },
    { args: ["prove", "-f", "-", "--lab", "--lab-fault", "gremlins"], message: /knows these faults: nothing-enforced/ },
    { args: ["prove", "-f", "-", "--lab", "--timeout", "soon"], message: /number of seconds/ },
    { args: ["prove", "-f", "-", "--lab", "-o", "xml"], message: /Allowed choices are text, json/ },
    { args: ["prove", "-f", "/dev/zero", "--lab"], message: /\/dev\/zero:1:1: .* too much for a manifest/ },
    { args: ["prove", "-f", "-", "--lab", "--run-namespace", "x"], message: /The lab is the run's own/ },
    { args: ["prove", "-f", "-", "--lab", "--external", "203.0.113.7:443"], message: /reaches nothing outside/ },
    { args: ["prove", "-f", "-", "--external", "203.0.113.7"], message: /Write ADDRESS:PORT/ },
    { args: ["proof"], message: /unknown command 'proof'[\s\S]*prove/ },
  ])("the flags $args", async ({ args, message }) => {
    const { code, stderr } = await netproof(args, { stdin: GOOD });
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  it("an intent that names a workload which is not there", async () => {
    writeFiles(folder, {
      "good.yaml": GOOD,
      "intent.yaml":
        "apiVersion: netproof.dev/v1\nkind: Intent\ndeny:\n- {from: shop/unlabeled, to: shop/unlabelled}\n",
    });
    const args = ["prove", "-f", join(folder, "good.yaml"), "--require", join(folder, "intent.yaml"), "--lab"];
    const { code, stderr } = await netproof(args);
    expect(stderr).toMatch(
      /intent\.yaml:4:10: there is no workload "shop\/unlabeled"\n +hint: did you mean "shop\/unlabelled"/,
    );
    expect(stderr).not.toContain("starting the lab");
    expect(code).toBe(2);
  });
});

function bomb(): string {
  const levels = Array.from({ length: 9 }, (_, level) => {
    const before = level === 0 ? '"x"' : `*l${level - 1}`;
    return `l${level}: &l${level} [${Array(9).fill(before).join(", ")}]`;
  });
  return `${levels.join("\n")}\n`;
}

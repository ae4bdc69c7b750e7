import { accessSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { ApiClient, type Json, readAccess } from "../src/kubernetes/index.ts";
import { startLab } from "../src/lab/index.ts";
import type { RunRecord } from "../src/report/index.ts";
import { labReason } from "./testing/lab.ts";
import { netproof, ROOT } from "./testing/netproof.ts";

const agentPath = join(ROOT, "dist/agent", `netproof-probe-linux-${process.arch === "arm64" ? "arm64" : "amd64"}`);
const PODS = "/api/v1/namespaces/default/pods";
const SERVICES = "/api/v1/namespaces/default/services";
const PATIENCE_MS = 20_000;

const IMAGE = "localhost/netproof-probe"; // the lab pulls none

/** The Service knows nothing of the port but its name. */
const SERVER = {
  metadata: { name: "server", labels: { app: "server" } },
  spec: {
    containers: [
      {
        ...{ name: "agent", image: IMAGE, args: ["serve", "--tcp", "8080"] },
        env: [{ name: "POD_UID", valueFrom: { fieldRef: { fieldPath: "metadata.uid" } } }],
        ports: [{ name: "http", containerPort: 8080 }],
      },
    ],
  },
};

/** The port of "other" is the one that the policy allows, but the pod's behind it is not. */
const FILES = [
  "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {namespace: shop, name: db}, spec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: api}}}], ports: [{port: 5432}]}]}}",
  ...["db", "api", "web"].map(
    (app) =>
      `{apiVersion: v1, kind: Pod, metadata: {namespace: shop, name: ${app}, labels: {app: ${app}}}, spec: {containers: [{name: main, image: x, ports: [{name: pg, containerPort: 5432}]}]}}`,
  ),
  "{apiVersion: v1, kind: Service, metadata: {namespace: shop, name: db}, spec: {selector: {app: db}, ports: [{port: 80, targetPort: pg}]}}",
  "{apiVersion: v1, kind: Service, metadata: {namespace: shop, name: other}, spec: {selector: {app: db}, ports: [{port: 5432, targetPort: 8080}]}}",
].join("\n---\n");

describe.skipIf(labReason ?? missingBash())(`a Service of the lab${labReason ?? missingBash() ?? ""}`, () => {
  it.each([
    { stack: "IPv4 alone", isDual: false, families: ["IPv4"] },
    { stack: "both families", isDual: true, families: ["IPv4", "IPv6"] },
  ])("leads a pod to the pods that it selects: $stack", async ({ isDual, families }) => {
    const { signal } = new AbortController();
    await using lab = await startLab({ nodes: 2, faults: [], denial: "drop", isDual, agentPath }, signal);
    const client = new ApiClient(await readAccess({ kind: "text", text: lab.kubeconfig }, { env: {} }));
    const post = (path: string, body: object) => client.call({ method: "POST", path, body, what: "create" }, signal);
    const ports = [{ port: 7000, targetPort: "http" }];
    const spec = { selector: { app: "server" }, ipFamilyPolicy: "PreferDualStack", ports };
    const service = await post(SERVICES, { metadata: { name: "server" }, spec });
    const addresses = (service.spec as { clusterIPs: string[] }).clusterIPs;
    expect((service.spec as Json).ipFamilies).toEqual(families);
    await post(PODS, SERVER);
    for (const [i, address] of addresses.entries()) {
      // It ends well once it has got through.
      const script = `until exec 3<>/dev/tcp/${address}/7000; do sleep 0.2; done`;
      const containers = [{ name: "client", image: IMAGE, command: ["bash", "-c", script] }];
      await post(PODS, { metadata: { name: `client-${i}` }, spec: { restartPolicy: "Never", containers } });
    }
    for (const i of addresses.keys()) expect(await phase(client, `client-${i}`, signal)).toBe("Succeeded");
  });
});

describe.skipIf(labReason)(`a proof in the lab${labReason ?? ""}`, () => {
  it("tries the Services of the files, and judges them by the pods behind them", async () => {
    const { code, stdout, stderr } = await netproof(["prove", "-f", "-", "--lab", "-o", "json"], { stdin: FILES });
    if (stdout === "") throw new Error(`no record, exit ${code}: ${stderr}`);
    const record: RunRecord = JSON.parse(stdout);
    const seen = record.connections
      .filter(({ path, source }) => path === "service" && ["shop/api", "shop/web"].includes(source))
      .map(({ id, expectation, verdict }) => [id, `${expectation} ${verdict}`]);
    expect(Object.fromEntries(seen)).toEqual({
      "shop/api > service shop/db 80/TCP": "allow conforms",
      "shop/web > service shop/db 80/TCP": "deny conforms",
      "shop/api > service shop/other 5432/TCP": "deny conforms",
      "shop/web > service shop/other 5432/TCP": "deny conforms",
    });
    expect(code, record.outcome.reasons.join("; ")).toBe(0);
  });
});

async function phase(client: ApiClient, name: string, signal: AbortSignal): Promise<unknown> {
  for (const until = performance.now() + PATIENCE_MS; ; ) {
    const { status } = await client.call({ path: `${PODS}/${name}`, what: "read" }, signal);
    const { phase: found } = status as { phase?: string };
    if (found === "Succeeded" || found === "Failed" || performance.now() > until) return found;
    await sleep(100);
  }
}

function missingBash(): string | undefined {
  try {
    accessSync("/usr/bin/bash");
    return undefined;
  } catch {
    return " (skipped: no bash)";
  }
}

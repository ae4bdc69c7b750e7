import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { RunRecord } from "../../src/report/index.ts";
import { netproof, ROOT } from "../testing/netproof.ts";
import { connect, IMAGE, isOurs, type TestCluster, until } from "./testing/cluster.ts";

const run = promisify(execFile);
const KIT = join(ROOT, "test/cluster/genuine");
const SHOP = join(ROOT, "scenarios/three-tier");
const isEnforced = inject("enforcement") === "enforced";
/** What enforces, by network, and can be stopped on one node: its daemon and its tables. Cilium's programs would stay. */
const AGENTS: Readonly<Record<string, { daemon: string; tables: readonly string[]; start: string }>> = {
  calico: { daemon: "felix", tables: ["filter", "mangle", "raw"], start: "calico/on" },
};
const reason = isOurs
  ? ""
  : " (skipped: they change what belongs to everybody, and this cluster was not started for it)";

let cluster: TestCluster;
let nodes: readonly string[] = [];
beforeAll(async () => {
  cluster = await connect();
  const { items } = (await cluster.get("/api/v1/nodes")) as { items: { metadata: { name: string } }[] };
  nodes = items.map(({ metadata: { name } }) => name).sort();
});
afterAll(() => cluster[Symbol.asyncDispose]());

async function prove(): Promise<{ code: number | null; record: RunRecord; stderr: string }> {
  const { code, stdout, stderr } = await netproof(["prove", "-f", SHOP, "--probe-image", IMAGE, "-o", "json"]);
  if (stdout === "") throw new Error(`no record, exit ${code}: ${stderr}`);
  return { code, record: JSON.parse(stdout), stderr };
}

describe.skipIf(!isOurs)(`a cluster of our own${reason}`, () => {
  it("whose DNS is down is judged all the same", async () => {
    const scale = "/apis/apps/v1/namespaces/kube-system/deployments/coredns";
    const pods = "/api/v1/namespaces/kube-system/pods?labelSelector=k8s-app%3Dkube-dns";
    await cluster.patch(scale, { spec: { replicas: 0 } });
    try {
      await until("the end of CoreDNS", async () => ((await cluster.get(pods)).items as []).length === 0 || undefined);
      const { code, record } = await prove();
      expect(code, record.outcome.reasons.join("; ")).toBe(isEnforced ? 0 : 4);
    } finally {
      await cluster.patch(scale, { spec: { replicas: 1 } });
    }
  });

  it("of several nodes has pods on each, and pairs on one node and across are tried", async ({ skip }) => {
    if (nodes.length < 2) skip("the cluster has one node");
    const { record } = await prove();
    const paths = new Set(record.connections.map(({ path }) => path));
    expect([...paths]).toEqual(expect.arrayContaining(["same-node", "cross-node"]));
  });

  it("whose agent runs on one node only fails, and that node's neighbour is named", async ({ skip }) => {
    if (nodes.length < 2) skip("the cluster has one node");
    const agent = AGENTS[process.env.NETPROOF_CLUSTER_NETWORK ?? ""];
    if (agent === undefined) return skip("nothing enforces on it that could be stopped on one node");
    const [, second = ""] = nodes;
    await run(join(KIT, "agent"), [agent.daemon, "--node", second, "stop"]);
    try {
      for (const table of agent.tables)
        await run(join(KIT, "on-node"), ["--node", second, "nft", "flush", "table", "ip", table]);
      const { code, record } = await prove();
      expect(code, record.outcome.reasons.join("; ")).toBe(1);
      expect(record.diagnosis).toEqual({ fault: "node-not-enforcing", nodes: [second] });
    } finally {
      await run(join(KIT, agent.start));
    }
  });
});

import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { RunRecord } from "../../src/report/index.ts";
import { netproof } from "../testing/netproof.ts";
import { connect, IMAGE, remains, type TestCluster, until } from "./testing/cluster.ts";

const isEnforced = inject("enforcement") === "enforced";
const DENY = `apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: shop}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress]
  ingress: [{from: [{namespaceSelector: {matchLabels: {team: shop}}, podSelector: {matchLabels: {app: api}}}]}]
`;

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await connect();
});
afterAll(() => cluster[Symbol.asyncDispose]());

const prove = async (): Promise<{ code: number | null; record: RunRecord; stderr: string }> => {
  const { code, stdout, stderr } = await netproof(["prove", "-f", "-", "--probe-image", IMAGE, "-o", "json"], {
    stdin: DENY,
  });
  if (stdout === "") throw new Error(`no record, exit ${code}: ${stderr}`);
  return { code, record: JSON.parse(stdout), stderr };
};

const denyAll = (namespace: string, name: string) => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name, namespace },
  spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
});

describe("policies of somebody else", () => {
  it("in a namespace of the same labels change nothing", async () => {
    const namespace = await cluster.namespace({ team: "shop" });
    await cluster.make(
      `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`,
      denyAll(namespace, "theirs"),
    );
    const { code, record } = await prove();
    expect(code, record.outcome.reasons.join("; ")).toBe(isEnforced ? 0 : 4);
  });

  it("that a controller adds to every new namespace turn no deny row green, and are named", async () => {
    const watch = addToNewNamespaces("added");
    try {
      const { code, record } = await prove();
      expect(code).toBe(isEnforced ? 3 : 1);
      const said = [...record.outcome.reasons, ...record.warnings].join("\n");
      expect(said).toContain("added");
    } finally {
      await watch.end();
    }
    await until("that nothing remains", async () => ((await remains(cluster)).length === 0 ? true : undefined));
  });
});

/** A controller, as clusters with a policy for policies have one: each namespace of a run gets a policy. */
function addToNewNamespaces(name: string): { end: () => Promise<void> } {
  const done = new Set<string>();
  let isOn = true;
  const work = async (): Promise<void> => {
    while (isOn) {
      const { items } = (await cluster.get("/api/v1/namespaces")) as {
        items: { metadata: { name: string; annotations?: Record<string, string>; deletionTimestamp?: string } }[];
      };
      const fresh = items.filter(
        ({ metadata: { name, annotations = {}, deletionTimestamp } }) =>
          annotations["netproof.dev/run"] !== undefined && deletionTimestamp === undefined && !done.has(name),
      );
      for (const { metadata } of fresh) {
        done.add(metadata.name);
        const path = `/apis/networking.k8s.io/v1/namespaces/${metadata.name}/networkpolicies`;
        await cluster.post(path, denyAll(metadata.name, name)).catch(() => {});
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const ended = work();
  return {
    end: () => {
      isOn = false;
      return ended;
    },
  };
}

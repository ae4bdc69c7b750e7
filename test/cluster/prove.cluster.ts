import { readFileSync } from "node:fs";
import { join } from "node:path";
import { XMLParser } from "fast-xml-parser";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { RunRecord } from "../../src/report/index.ts";
import { netproof, ROOT, temporaryFolder } from "../testing/netproof.ts";
import { connect, IMAGE, remains, type TestCluster, until } from "./testing/cluster.ts";

const folder = temporaryFolder();
const SHOP = join(ROOT, "scenarios/three-tier");
const enforced = inject("enforcement") === "enforced";
const CODE = enforced ? 0 : 4;
const prove = (...args: string[]) => netproof(["prove", "--probe-image", IMAGE, ...args]);

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await connect();
});
afterAll(() => cluster[Symbol.asyncDispose]());

async function nothingRemains(): Promise<void> {
  await until("that nothing remains", async () => ((await remains(cluster)).length === 0 ? true : undefined));
}

describe("a proof in throwaway namespaces", () => {
  it("ends as the cluster enforces, with its reports, and leaves nothing", async () => {
    const junit = join(folder, "first.xml");
    const json = join(folder, "run.json");
    const ended = await prove("-f", SHOP, "--report", `junit=${junit}`, "--report", `json=${json}`);
    expect(ended.code, ended.stdout + ended.stderr).toBe(CODE);
    expect(ended.stdout).toMatch(enforced ? /^PROVEN: 4 policies/ : /^NOT ENFORCED/);
    const record: RunRecord = JSON.parse(readFileSync(json, "utf8"));
    expect(record.namespaces?.map(({ name }) => name)).toContain("shop");
    const isDual = process.env.NETPROOF_CLUSTER_NETWORK?.endsWith("dual") === true;
    expect(record.cluster.families).toEqual(isDual ? ["IPv4", "IPv6"] : ["IPv4"]);
    const further = record.connections.filter(({ id }) => id.endsWith("over IPv6"));
    expect(new Set(further.map(({ expectation }) => expectation))).toEqual(new Set(isDual ? ["allow", "deny"] : []));
    const seen = new Set(record.connections.map(({ phases }) => phases.baseline?.observation));
    expect([...seen]).toEqual(["connected"]);
    await nothingRemains();
  });

  it("names its tests the same in two runs", async () => {
    const files = [join(folder, "second.xml"), join(folder, "third.xml")];
    await Promise.all(files.map((file) => prove("-f", SHOP, "--report", `junit=${file}`)));
    const [one, other] = files.map(namesIn);
    expect(one?.length).toBeGreaterThan(10);
    expect(new Set(one).size).toBe(one?.length);
    expect(other).toEqual(one);
    await nothingRemains();
  });
});

describe("a proof in one namespace that is there", () => {
  it("is not disturbed by another beside it, touches nothing else, and leaves it as it was", async () => {
    const namespace = await cluster.namespace({ "pod-security.kubernetes.io/enforce": "restricted" });
    const policies = `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`;
    await cluster.make(policies, {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { namespace, name: "theirs" },
      spec: { podSelector: { matchLabels: { app: "theirs" } } },
    });
    const ended = await Promise.all([
      prove("-f", SHOP, "--run-namespace", namespace),
      prove("-f", SHOP, "--run-namespace", namespace),
    ]);
    for (const { code, stdout, stderr } of ended) {
      expect(code, stdout + stderr).toBe(CODE);
      expect(stdout + stderr).not.toContain("theirs");
    }
    await nothingRemains();
    await cluster.get(`${policies}/theirs`);
  });
});

function namesIn(file: string): readonly string[] {
  const parser = new XMLParser({
    ignoreAttributes: false,
    isArray: (name) => name === "testsuite" || name === "testcase",
  });
  const { testsuites } = parser.parse(readFileSync(file, "utf8")) as {
    testsuites: { testsuite: { "@_name": string; testcase: { "@_name": string; "@_classname": string }[] }[] };
  };
  return testsuites.testsuite.flatMap(({ testcase }) =>
    testcase.map((test) => `${test["@_classname"]} ${test["@_name"]}`),
  );
}

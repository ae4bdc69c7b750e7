import { setMaxListeners } from "node:events";
import { join } from "node:path";
import { bench, describe } from "vitest";
import { systemClock } from "../../src/cli/clock.ts";
import { ApiClient, readAccess, Stage } from "../../src/kubernetes/index.ts";
import { startLab } from "../../src/lab/index.ts";
import { runNames, type StagePlan } from "../../src/plan/index.ts";
import { labReason } from "../testing/lab.ts";
import { ROOT } from "../testing/netproof.ts";

const PODS = 50;
const never = new AbortController().signal;
setMaxListeners(0, never);
const arch = process.arch === "arm64" ? "arm64" : "amd64";
const agentPath = join(ROOT, "dist/agent", `netproof-probe-linux-${arch}`);
const plan: StagePlan = {
  placement: { kind: "own-cluster" },
  policies: [],
  externals: [],
  services: [],
  notTested: [],
  workloads: [],
  namespaces: [{ name: "bench", labels: {} }],
  pods: Array.from({ length: PODS }, (_, index) => ({
    namespace: "bench",
    name: `pod-${index}`,
    labels: { app: `pod-${index}` },
    ports: [],
    listen: { TCP: [80], UDP: [53], SCTP: [] },
    healthPort: 61_001,
  })),
  listeners: [53, 80, 61_001],
};

describe.skipIf(labReason)("the lab", () => {
  bench(
    `from nothing to ${PODS} pods that are ready, with a session to each`,
    async () => {
      await using lab = await startLab({ nodes: 2, faults: [], denial: "drop", agentPath }, never);
      const client = new ApiClient(await readAccess({ kind: "text", text: lab.kubeconfig }, { env: {} }));
      await Stage.open(client, plan, OPTIONS, never);
      client.close();
    },
    { iterations: 5, warmupIterations: 1, time: 0, warmupTime: 0 },
  );
});

const OPTIONS = {
  runId: "00000000",
  image: "localhost/netproof-probe:bench",
  imageHint: "",
  agent: { clock: systemClock, key: "00".repeat(32), deadlineMs: 60_000, heartbeatMs: 2000 },
  deadlineSeconds: 60,
  readyTimeoutMs: 30_000,
  names: runNames(plan, "00000000"),
  nodes: [],
  policyKinds: [],
  onLeftover: () => {},
};

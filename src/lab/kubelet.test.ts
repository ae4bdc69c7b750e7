import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, type TestContext, test, vi } from "vitest";
import type { KubeObject, LabEnvironmentFault, LabProcess } from "./contracts.ts";
import { fieldsOf, listOf } from "./kubelet/pod-spec.ts";
import { buildAgent, startTestLab, type TestLab } from "./kubelet/testing/lab.ts";
import { isRoot, NOBODY, obstacle, playAs, setStage } from "./network/testing/users.ts";

const why = await obstacle();
const agent = await buildAgent();
const missing = why || agent.missing;
let lab: TestLab;

beforeAll(async () => {
  if (missing === "") lab = await startTestLab(agent.path);
});
afterAll(async () => {
  await lab?.[Symbol.asyncDispose]();
});

const it = (title: string, body: (context: TestContext) => Promise<void>) =>
  test(title, (context) => (missing === "" ? body(context) : context.skip(missing)));

const statusOf = (pod: KubeObject | undefined) => fieldsOf(pod?.status);
const phaseOf = (pod: KubeObject | undefined) => statusOf(pod).phase;
const isRunning = (pod: KubeObject) => phaseOf(pod) === "Running";
const isOver = (pod: KubeObject) => ["Succeeded", "Failed"].includes(String(phaseOf(pod)));
const condition = (pod: KubeObject | undefined, type: string) =>
  listOf(statusOf(pod).conditions)
    .map(fieldsOf)
    .find((one) => one.type === type)?.status;
const isReady = (pod: KubeObject) => condition(pod, "Ready") === "True";
const containerOf = (pod: KubeObject | undefined) => fieldsOf(listOf(statusOf(pod).containerStatuses)[0]);
const waitingFor = (pod: KubeObject | undefined) => fieldsOf(fieldsOf(containerOf(pod).state).waiting).reason;
const sh = (script: string) => ({ command: ["sh", "-c", script], args: [], readinessProbe: undefined });

async function output(process: LabProcess): Promise<string> {
  process.stdin.end();
  return (await Promise.all([text(process.stdout), text(process.stderr), process.exited])).slice(0, 2).join("");
}

/** What an agent says of itself, and the kubelet's probes that it has seen. */
async function ask(name: string): Promise<{ hello: Record<string, unknown>; health: readonly number[] }> {
  const session = lab.kubelet.exec("shop", name, undefined, ["/netproof-probe", "session"]);
  const lines = [
    { type: "open", protocol: 1, key: "0".repeat(64), deadlineMs: 60_000, heartbeatMs: 60_000 },
    { type: "receipts", id: 1, nonces: [], healthSince: 0 },
  ];
  for (const line of lines) session.stdin.write(`${JSON.stringify(line)}\n`);
  const said = (await output(session))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const [hello, receipts] = ["hello", "receipts"].map((type) => said.find((line) => line.type === type));
  return { hello, health: receipts?.health };
}

it("a pod gets a node, an address, the agent, and ready containers", async () => {
  const seen: string[] = [];
  const stop = lab.store.onChange("Pod", ({ type, object }) => {
    if (object.metadata.name === "web") seen.push(`${type} ${phaseOf(object)} ${condition(object, "ContainersReady")}`);
  });
  lab.create("web", { spec: { readinessGates: [{ conditionType: "netproof.dev/never" }] } });
  const pod = await lab.until("web", (now) => condition(now, "ContainersReady") === "True");
  stop();
  expect(pod?.spec).toMatchObject({ nodeName: "node1" });
  expect(statusOf(pod)).toMatchObject({ phase: "Running", podIP: "10.244.1.2", hostIP: "10.250.0.2" });
  expect(condition(pod, "Ready")).toBe("False");
  expect([...new Set(seen)]).toEqual([
    "ADDED Pending undefined",
    "MODIFIED Pending undefined",
    "MODIFIED Pending False",
    "MODIFIED Running False",
    "MODIFIED Running True",
  ]);
  const { hello } = await ask("web");
  expect(hello).toMatchObject({ uid: pod?.metadata.uid, addresses: ["10.244.1.2"], notListening: [] });
  expect(hello.listening).toMatchObject({ TCP: [80] });
});

it("somebody who opens the readiness gate makes the pod ready", async () => {
  lab.create("gated", { spec: { readinessGates: [{ conditionType: "example.com/open" }] } });
  await lab.until("gated", (pod) => condition(pod, "ContainersReady") === "True");
  lab.store.update("Pod", "shop", "gated", (pod) => {
    const conditions = [...listOf(statusOf(pod).conditions), { type: "example.com/open", status: "True" }];
    return { ...pod, status: { ...statusOf(pod), conditions } };
  });
  expect(condition(await lab.until("gated", isReady), "example.com/open")).toBe("True");
});

it("the kubelet probes an agent from its first moment on, once in a period", async () => {
  lab.create("probed");
  await lab.until("probed", isReady);
  await vi.waitFor(async () => expect((await ask("probed")).health.length).toBeGreaterThanOrEqual(3), {
    timeout: 10_000,
    interval: 500,
  });
  const { health } = await ask("probed");
  const gaps = health.slice(1).map((at, i) => at - (health[i] ?? 0));
  // The first gap is a part of a period; later ones are a period and the kernel's patience.
  expect(gaps.slice(1).every((gap) => gap > 900)).toBe(true);
  expect(gaps[0]).toBeGreaterThan(400);
});

it("pods that are created together are wired together and all run", async ({ annotate }) => {
  const began = performance.now();
  const names = Array.from({ length: 50 }, (_, i) => `many-${i}`);
  for (const name of names) lab.create(name);
  const took: Record<string, number> = {};
  const mark = (what: string) => {
    took[what] = Math.round(performance.now() - began);
  };
  await Promise.all(names.map((name) => lab.until(name, (pod) => statusOf(pod).podIP !== undefined)));
  mark("wired");
  const pods = await Promise.all(names.map((name) => lab.until(name, isRunning)));
  mark("running");
  await Promise.all(names.map((name) => lab.until(name, isReady)));
  mark("ready");
  expect(new Set(pods.map((pod) => statusOf(pod).podIP)).size).toBe(50);
  expect(new Set(pods.map((pod) => fieldsOf(pod?.spec).nodeName))).toEqual(new Set(["node1", "node2"]));
  for (const name of names) lab.delete(name);
  await Promise.all(names.map((name) => lab.until(name, () => false)));
  mark("deleted");
  await annotate(`milliseconds from the start: ${JSON.stringify(took)}`);
});

describe("a container that ends", () => {
  const ENDS = [
    { name: "ends-well", script: "echo out; echo err >&2", phase: "Succeeded", exitCode: 0, reason: "Completed" },
    { name: "ends-badly", script: "exit 3", phase: "Failed", exitCode: 3, reason: "Error" },
    {
      name: "is-killed",
      script: "kill -9 $$$$", // the kubelet makes one dollar sign of two
      phase: "Failed",
      exitCode: 137,
      reason: "Error",
    },
  ];
  for (const { name, script, phase, exitCode, reason } of ENDS) {
    it(`and ${name.replace("-", " ")} leaves its pod ${phase}`, async () => {
      lab.create(name, { container: sh(script) });
      const pod = await lab.until(name, isOver);
      expect(phaseOf(pod)).toBe(phase);
      expect(containerOf(pod).state).toMatchObject({ terminated: { exitCode, reason } });
      if (exitCode === 0) expect(await text(lab.kubelet.logs("shop", name, "probe"))).toBe("out\nerr\n");
    });
  }

  it("is started again where the pod wants it, later and later", async () => {
    lab.create("again", { container: sh("exit 1"), spec: { restartPolicy: "OnFailure" } });
    const pod = await lab.until("again", (now) => waitingFor(now) === "CrashLoopBackOff");
    expect(containerOf(pod)).toMatchObject({ restartCount: 1, lastState: { terminated: { exitCode: 1 } } });
    expect(phaseOf(pod)).toBe("Running");
  });

  it("because there is no such program says so", async () => {
    lab.create("no-program", { container: { command: ["no-such-program"] } });
    expect(containerOf(await lab.until("no-program", isOver)).state).toMatchObject({
      terminated: { exitCode: 128, reason: "StartError", message: expect.stringContaining("no-such-program") },
    });
  });

  it("at the pod's deadline is counted as exceeded", async () => {
    lab.create("deadline", { spec: { activeDeadlineSeconds: 1 } });
    const pod = await lab.until(
      "deadline",
      (now) => fieldsOf(fieldsOf(containerOf(now).state).terminated).exitCode === 137,
    );
    expect(statusOf(pod)).toMatchObject({ phase: "Failed", reason: "DeadlineExceeded" });
  });
});

it("an image that is not the agent's is not pulled", async () => {
  lab.create("image", { container: { image: "nginx:1" } });
  await lab.until("image", (pod) => waitingFor(pod) === "ErrImagePull");
  expect(phaseOf(await lab.until("image", (pod) => waitingFor(pod) === "ImagePullBackOff"))).toBe("Pending");
});

it("a startup probe holds back the others, and a liveness probe kills", async () => {
  const tcp = (port: number) => ({ tcpSocket: { port }, periodSeconds: 1, failureThreshold: 1 });
  lab.create("unstarted", { container: { startupProbe: { ...tcp(81), failureThreshold: 100 } } });
  await lab.until("unstarted", isRunning);
  lab.create("dead", { container: { livenessProbe: tcp(81), readinessProbe: undefined } });
  const dead = await lab.until("dead", isOver);
  expect(containerOf(dead).state).toMatchObject({ terminated: { exitCode: 137 } });
  expect(containerOf(lab.get("unstarted"))).toMatchObject({ started: false, ready: false });
});

it("a deleted pod is gone with its processes, and so is its address from the network", async () => {
  lab.create("short");
  const pod = await lab.until("short", isReady);
  const exec = lab.kubelet.exec("shop", "short", undefined, ["sleep", "1000"]);
  lab.delete("short");
  expect(await lab.until("short", () => false)).toBeUndefined();
  expect(await exec.exited).toEqual({ code: null });
  expect(await lab.network.run(pod?.metadata.uid ?? "", ["true"], {}).exited).toMatchObject({ code: null });
  lab.create("unwired");
  lab.delete("unwired");
  expect(await lab.until("unwired", () => false)).toBeUndefined();
});

it("a pod with outside addresses is a host outside of the cluster", async () => {
  const annotations = { "lab.netproof.dev/outside-addresses": "203.0.113.10,198.51.100.7" };
  lab.create("world", { metadata: { annotations } });
  const pod = await lab.until("world", isReady);
  expect(pod?.spec).toMatchObject({ nodeName: "outside", hostNetwork: true });
  expect(statusOf(pod).podIPs).toEqual([{ ip: "203.0.113.10" }, { ip: "198.51.100.7" }]);
  lab.create("visitor", { spec: { nodeSelector: { "kubernetes.io/hostname": "node2" } } });
  await lab.until("visitor", isReady);
  const visit = lab.kubelet.exec("shop", "visitor", "probe", [
    "bash",
    "-c",
    "exec 3<>/dev/tcp/198.51.100.7/80 && echo in",
  ]);
  expect(await output(visit)).toBe("in\n");
});

it("what cannot run says why", async () => {
  lab.create("nowhere", { spec: { nodeSelector: { disk: "tape" } } });
  expect(condition(lab.get("nowhere"), "PodScheduled")).toBe("False");
  lab.create("host", { spec: { hostNetwork: true } });
  const host = await lab.until("host", (pod) => containerOf(pod).state !== undefined);
  expect(containerOf(host).state).toMatchObject({
    waiting: { message: "the lab has no pods on the network of a node" },
  });
  const exec = (name: string, container?: string) => lab.kubelet.exec("shop", name, container, ["true"]).exited;
  expect(await exec("nobody")).toEqual({ code: null, error: 'container "nobody" is not running' });
  expect(await exec("web", "sidecar")).toEqual({ code: null, error: 'container "sidecar" is not running' });
});

it("nothing runs in a pod before the enforcement knows its address", async () => {
  let release = () => {};
  const known = new Promise<void>((resolve) => {
    release = resolve;
  });
  await using careful = await startTestLab(agent.path, { beforeStart: () => known, families: ["IPv6", "IPv4"] });
  careful.create("web");
  const wired = await careful.until("web", (pod) => statusOf(pod).podIP !== undefined);
  expect(statusOf(wired).podIPs).toEqual([{ ip: "fd00:10:244:1::2" }, { ip: "10.244.1.2" }]);
  expect(await careful.kubelet.exec("shop", "web", undefined, ["true"]).exited).toMatchObject({ code: null });
  release();
  expect(phaseOf(await careful.until("web", isReady))).toBe("Running");
});

it("an ordinary user's pods serve low ports and are probed", async ({ skip }) => {
  if (!isRoot) skip("only root can become another user");
  const program = `
    import { argv, stdout } from "node:process";
    import { startTestLab } from "../../kubelet/testing/lab.ts";
    await using lab = await startTestLab(argv[2]);
    lab.create("web", { container: { readinessProbe: { tcpSocket: { port: 80 } } } });
    const { status } = await lab.until("web", (pod) => pod.status.containerStatuses?.[0].ready);
    stdout.write(JSON.stringify(status.phase));
  `;
  const stage = await setStage(program, agent.path);
  expect(await playAs(NOBODY, stage).finally(stage.remove)).toBe("Running");
});

describe("an environment fault", () => {
  const faultyLab = () =>
    startTestLab(agent.path, {
      faults: {
        neverStarts: (pod) => pod.metadata.name === "never",
        changeCommand: (pod, argv) =>
          pod.metadata.name === "deaf" ? argv.map((word) => word.replace("80", "81")) : argv,
      },
    });

  // Those that the kubelet and the network can make.
  const FAULTS: Partial<Record<LabEnvironmentFault, (faulty: TestLab) => Promise<void>>> = {
    async "agent-killed"(faulty) {
      faulty.create("web");
      await faulty.until("web", isReady);
      faulty.kubelet.killPod("shop", "web");
      expect(containerOf(await faulty.until("web", isOver)).state).toMatchObject({ terminated: { exitCode: 137 } });
    },
    async "exec-cut"(faulty) {
      faulty.create("web");
      await faulty.until("web", isReady);
      const exec = faulty.kubelet.exec("shop", "web", undefined, ["sleep", "1000"]);
      faulty.kubelet.cutExec("shop", "web");
      expect(await exec.exited).toEqual({ code: null });
      expect(phaseOf(faulty.get("web"))).toBe("Running");
    },
    async "interface-down"(faulty) {
      faulty.create("web", {
        container: { readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1, failureThreshold: 1 } },
      });
      await faulty.until("web", isReady);
      await faulty.network.setInterfaceDown(faulty.kubelet.networkId("shop", "web") ?? "");
      expect(phaseOf(await faulty.until("web", (pod) => !isReady(pod)))).toBe("Running");
    },
    async "listener-missing"(faulty) {
      faulty.create("deaf");
      await faulty.until("deaf", isReady);
      const knock = (port: number) => ["bash", "-c", `exec 3<>/dev/tcp/127.0.0.1/${port} && echo open`];
      const [missing, other] = [80, 81].map((port) =>
        output(faulty.kubelet.exec("shop", "deaf", undefined, knock(port))),
      );
      expect(await missing).toContain("refused");
      expect(await other).toBe("open\n");
    },
    async "pod-never-starts"(faulty) {
      faulty.create("never");
      faulty.create("web");
      await faulty.until("web", isReady);
      expect(waitingFor(faulty.get("never"))).toBe("ContainerCreating");
      faulty.delete("never");
      expect(await faulty.until("never", () => false)).toBeUndefined();
    },
  };

  for (const [fault, check] of Object.entries(FAULTS)) {
    it(`can be made: ${fault}`, async () => {
      await using faulty = await faultyLab();
      await check(faulty);
    });
  }
});

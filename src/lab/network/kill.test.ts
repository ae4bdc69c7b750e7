import { kill } from "node:process";
import { afterAll, beforeAll, describe, expect, type TestContext, test, vi } from "vitest";
import { holdersOf, type Kept, keepNamespaces, processesOf, type Seen } from "./testing/leftovers.ts";
import { isRoot, NOBODY, obstacle, runAs, type Stage, setStage } from "./testing/users.ts";

/** Opens a lab with processes in a pod, at an outside host and on a node, all marked with the folder of the stage. */
const LAB = `
import { argv, stdin, stdout } from "node:process";
import { openNetwork } from "../network.ts";
const mark = argv[2];
const network = await openNetwork({ nodes: 2, agentPath: mark }, AbortSignal.timeout(20_000));
network.gone.then(() => stdout.write("gone\\n"));
await network.addPods([{ id: "pod", node: "node1", addresses: ["10.244.1.2"] }]);
await network.addOutside("world", ["203.0.113.10"]);
for (const id of ["pod", "world"]) {
  const process = network.run(id, ["sh", "-c", "sleep 1000 & echo up; wait"], { MARK: mark });
  await new Promise((resolve) => process.stdout.once("data", resolve));
  process.exited.then(({ code }) => stdout.write(id + " ended with " + code + "\\n"));
}
const onNode = network.runOnNode("node1", ["sh", "-c", "echo up; sleep 1000; :", mark]);
await new Promise((resolve) => onNode.stdout.once("data", resolve));
stdout.write("ready\\n");
await new Promise((resolve) => stdin.resume().on("end", resolve));
await network[Symbol.asyncDispose]();
`;

const why = await obstacle();
let stage: Stage;
beforeAll(async () => {
  stage = await setStage(LAB);
});
afterAll(() => stage?.remove());

const USERS = [
  { name: isRoot ? "root" : "an ordinary user", uid: undefined, missing: why },
  { name: "user 65534", uid: NOBODY, missing: isRoot ? why : "only root can become another user" },
];

const within = (pattern: RegExp, all: readonly Seen[]) => all.filter(({ command }) => pattern.test(command));
const childOf = (parents: readonly Seen[], all: readonly Seen[]) =>
  all.filter(({ parent }) => parents.some(({ pid }) => pid === parent));

/** The processes whose death is the end of the lab. */
const VITAL = [
  { name: "the process that opened it", find: (all: readonly Seen[]) => within(/program\.mjs/, all) },
  { name: "the one that waits for the namespaces", find: (all: readonly Seen[]) => within(/unshare --/, all) },
  { name: "the first one inside", find: (all: readonly Seen[]) => childOf(within(/unshare --/, all), all) },
];

/** Those whose death ends only what they stand for. */
const podWrapper = (all: readonly Seen[]) => within(/^\S*nsenter .*MARK=.*sh -c sleep/, all).slice(0, 1);
const nodeWrapper = (all: readonly Seen[]) => within(/^\S*nsenter .*sh -c echo up/, all);
const PARTS = [
  { name: "the wrapper of a pod's process", find: podWrapper },
  { name: "a pod's process", find: (all: readonly Seen[]) => childOf(podWrapper(all), all) },
  { name: "the wrapper of a node's process", find: nodeWrapper },
  { name: "a node's process", find: (all: readonly Seen[]) => childOf(nodeWrapper(all), all) },
];

describe.each(USERS)("kill -9 in a lab of $name", ({ uid, missing }) => {
  const withLab = (title: string, body: (lab: Lab) => Promise<void>) =>
    test(title, async (context: TestContext) => {
      if (missing !== "") return context.skip(missing);
      const lab = await openLab(uid);
      await body(lab).finally(() => lab.child.stdin.end());
      // Long, because a process whose wrapper was killed is the machine's first process's to reap, and its PID namespace
      // stays until then; some take ten seconds for it.
      await vi.waitFor(() => expect(lab.remains()).toEqual([]), 45_000).finally(lab.namespaces.release);
    });

  for (const { name, find } of VITAL) {
    withLab(`of ${name} leaves no process and no namespace`, async (lab) => {
      expect(lab.processes().length).toBeGreaterThanOrEqual(11);
      killOne(find(lab.processes()));
      await vi.waitFor(() => expect(holdersOf(lab.namespaces.names)).toEqual([]), 15_000);
      // The process that opened the lab lives on, unless it was the one, and was told.
      if (lab.child.signalCode === null) await vi.waitFor(() => expect(lab.output()).toMatch(/^gone$/m), 15_000);
    });
  }

  for (const { name, find } of PARTS) {
    withLab(`of ${name} ends both, and their own children, and the lab goes on`, async (lab) => {
      const before = lab.processes();
      killOne(find(before));
      // A wrapper, its shell, and the shell's own child.
      await vi.waitFor(() => expect(lab.processes()).toHaveLength(before.length - 3), 15_000);
      expect(lab.output()).not.toMatch(/^gone$/m);
    });
  }

  withLab("is not needed: it ends when it is closed", async () => {});
});

interface Lab {
  readonly child: ReturnType<typeof runAs>;
  readonly namespaces: Kept;
  output(): string;
  processes(): readonly Seen[];
  remains(): readonly unknown[];
}

async function openLab(uid: number | undefined): Promise<Lab> {
  const child = runAs(uid, stage, []);
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  child.stderr.on("data", (chunk) => {
    output += chunk;
  });
  await vi.waitFor(() => expect(output).toMatch(/^ready$/m), 20_000);
  const processes = () => processesOf(stage.agentPath);
  const namespaces = keepNamespaces(processes());
  return {
    child,
    namespaces,
    output: () => output,
    processes,
    remains: () => [...processes(), ...holdersOf(namespaces.names)],
  };
}

function killOne(found: readonly Seen[]): void {
  expect(found.map(({ command }) => command)).toHaveLength(1);
  for (const { pid } of found) kill(pid, "SIGKILL");
}

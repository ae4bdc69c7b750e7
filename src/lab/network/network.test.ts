import { afterAll, beforeAll, describe, expect, type TestContext, test } from "vitest";
import { playScene, type SceneName } from "./testing/scenes.ts";
import { isRoot, NOBODY, obstacle, PLAYER, playAs, type Stage, setStage } from "./testing/users.ts";

const why = await obstacle();
let stage: Stage;

beforeAll(async () => {
  stage = await setStage(PLAYER);
});
afterAll(() => stage?.remove());

const USERS = [
  {
    name: isRoot ? "as root" : "as an ordinary user",
    isRealRoot: isRoot,
    missing: why,
    play: (scene: SceneName) => playScene(scene, { agentPath: "/bin/true" }),
  },
  {
    name: "as root in a user namespace",
    isRealRoot: false,
    missing: isRoot ? why : "this is not root",
    play: (scene: SceneName) => playScene(scene, { agentPath: "/bin/true", userNamespace: true }),
  },
  {
    name: "as user 65534",
    isRealRoot: false,
    missing: isRoot ? why : "only root can become another user",
    play: (scene: SceneName) => playAs(NOBODY, stage, scene),
  },
];

describe.each(USERS)("the lab's network $name", ({ play, isRealRoot, missing }) => {
  const it = (title: string, body: (context: TestContext) => Promise<void>) =>
    test(title, (context) => (missing === "" ? body(context) : context.skip(missing)));

  it("routes between pods, nodes and the outside, and through the forward hook of the pod's node", async () => {
    expect(await play("connections")).toEqual({
      "a > 10.244.1.3": "refused",
      "b > fd00:10:244:1::2": "refused",
      "a > 10.244.2.2": "refused",
      "c > fd00:10:244:1::3": "refused",
      "a > 203.0.113.10": "refused",
      "c > 8.8.8.8": "refused",
      "c > 2001:db8::10": "refused",
      "world > 10.244.1.2": "refused",
      "world > fd00:10:244:2::2": "refused",
      "a > 10.250.0.2": "refused",
      "a > 10.250.0.3": "refused",
      "a > 10.244.1.77": "silent",
      "a > 10.244.9.1": "silent",
      "a > 198.51.100.1": "silent",
      "node2 > its pod": "refused",
      whenDown: { "a > c": "silent", "c > a": "unreachable" },
      // b speaks IPv6 only, so it is not seen by the IPv4 counter.
      forwarded: [true, false, true],
    });
  });

  it("shuts a pod's processes into a read-only root without rights", async () => {
    expect(await play("confinement")).toEqual({
      user: isRealRoot ? "65532" : "0",
      status: [
        "CapPrm:\t0000000000000000",
        "CapEff:\t0000000000000000",
        "CapBnd:\t0000000000000000",
        "CapAmb:\t0000000000000000",
        "NoNewPrivs:\t1",
      ],
      root: expect.arrayContaining(["dev", "netproof-probe", "proc", "tmp", "usr", "/"]),
      leaving: "/",
      writing: "",
      sysctl: "",
      namespaces: "",
      firstPort: "0",
      devices: "4\n4",
      mounts: expect.not.arrayContaining(["/run", "/etc", "/home", "/sys"]),
    });
  });

  it("gives a process its input and output, its environment and its exit code, and ends it when told to", async () => {
    const killed = { code: null };
    expect(await play("processes")).toEqual({
      talks: { code: 7, stdout: "hello some uid \n", stderr: "bad\n" },
      early: killed,
      late: killed,
      onNode: { code: 0, stdout: "through", stderr: "" },
      left: false,
      byItself: killed,
      noProgram: { code: null, error: 'exec: "no-such-program": executable file not found in $PATH' },
      noPath: { code: null, error: 'exec: "/nowhere/program": stat /nowhere/program: no such file or directory' },
      noPod: { code: null, error: '"b" is not in the lab\'s network' },
      noNode: { code: null, error: '"node3" is no node of the lab' },
    });
  });

  it("replaces a node's rules as a whole, in order, or not at all", async () => {
    const large = isRealRoot ? "applied" : "LAB_RULES_TOO_LARGE";
    expect(await play("rules")).toEqual({
      dropped: "silent",
      fault: true,
      afterFault: "silent",
      opened: "refused",
      large,
    });
  });

  it("removes a pod with all its processes, and lets another have its address", async () => {
    expect(await play("lifetimes")).toEqual({
      ended: { code: null },
      stray: false,
      removed: "silent",
      again: "refused",
      twice: '"second" is already in the lab\'s network',
      noNode: '"node9" is no node of the lab',
      outside: "LAB_OUTSIDE_ADDRESS",
      half: "refused",
    });
  });

  it("wires 50 pods and starts a process in each", async ({ annotate }) => {
    const { answer, ended, ...times } = (await play("many")) as Record<string, unknown>;
    await annotate(`milliseconds: ${JSON.stringify(times)}`);
    expect({ answer, ended }).toEqual({ answer: "refused", ended: 50 });
  });
});

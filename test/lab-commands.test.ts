import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { labReason } from "./testing/lab.ts";
import { type Ended, LAUNCHER, netproof, ROOT, temporaryFolder } from "./testing/netproof.ts";
import { descendantsOf, type ProcessId, survivors } from "./testing/processes.ts";

const folder = temporaryFolder();
let places = 0;

/** A state folder of a test's own, and the commands on it. */
function place() {
  places += 1;
  const home = join(folder, `home-${places}`);
  const temporary = join(folder, `tmp-${places}`);
  for (const path of [home, temporary]) mkdirSync(path);
  const env = { XDG_STATE_HOME: home, TMPDIR: temporary };
  const lab = (...args: string[]): Promise<Ended> => netproof(["lab", ...args], { env });
  const status = async () => {
    const { code, stdout } = await lab("status", "-o", "json");
    return { code, ...JSON.parse(stdout) };
  };
  return { home, temporary, env, lab, status, state: join(home, "netproof") };
}

type Place = ReturnType<typeof place>;
const opened: Place[] = [];

/** With a lab that is taken down at the end of the test, whatever becomes of it. */
async function placeWithLab(...args: string[]): Promise<Place & { up: Ended; pid: number; processes: ProcessId[] }> {
  const own = place();
  opened.push(own);
  const up = await own.lab("up", ...args);
  expect(up).toMatchObject({ code: 0 });
  const { pid } = await own.status();
  return { ...own, up, pid, processes: [...descendantsOf(pid)] };
}

afterEach(async () => {
  for (const { lab } of opened.splice(0)) await lab("down");
});

describe.skipIf(labReason)(`a lab that is kept${labReason ?? ""}`, () => {
  it("is there when the command ends, tells how to use it, and is gone after `lab down`", async () => {
    const { lab, up, status, state, home, pid, processes, temporary } = await placeWithLab("--nodes", "3");
    const kubeconfig = join(state, "lab.kubeconfig");
    expect(up.stdout).toContain(`export KUBECONFIG=${kubeconfig}\n`);
    expect(up.stdout).toContain("netproof lab down");
    expect(statSync(kubeconfig).mode & 0o777).toBe(0o600);
    expect(await status()).toMatchObject({
      code: 0,
      running: true,
      nodes: ["node1", "node2", "node3"],
      faults: [],
      denial: "drop",
      kubeconfig,
    });
    expect((await lab("status")).stdout).toMatch(/^running since /);
    expect(processes.length).toBeGreaterThan(0);
    expect(await lab("down")).toMatchObject({ code: 0, stdout: "the lab is gone\n" });
    expect(await survivors([...processes, ...descendantsOf(pid)], 0)).toEqual([]);
    expect([...readdirSync(home), ...readdirSync(temporary)]).toEqual([]);
    expect(await lab("down")).toMatchObject({ code: 0, stdout: "no lab is running\n" });
    expect(await status()).toEqual({ code: 3, running: false });
  });

  it("proves as any cluster does, and says that it is a lab", async () => {
    const { state } = await placeWithLab();
    const args = ["prove", "-f", join(ROOT, "scenarios/three-tier"), "--kubeconfig", join(state, "lab.kubeconfig")];
    const { code, stdout } = await netproof(args);
    expect(stdout).toMatch(/^PROVEN: 4 policies, every connection as expected in the embedded lab$/m);
    expect(code).toBe(0);
  });

  it("has the faults that it was given", async () => {
    const { state, status } = await placeWithLab("--lab-fault", "nothing-enforced", "--lab-denial", "reject");
    expect(await status()).toMatchObject({ faults: ["nothing-enforced"], denial: "reject" });
    const args = ["prove", "-f", join(ROOT, "scenarios/default-deny"), "--kubeconfig", join(state, "lab.kubeconfig")];
    expect(await netproof(args)).toMatchObject({ code: 4 });
  });

  it("is one at a time, and the second is told what to do", async () => {
    const { lab, status, pid } = await placeWithLab();
    const second = await lab("up");
    expect(second).toMatchObject({ code: 3, stdout: "" });
    expect(second.stderr).toMatch(/^A lab is running already, since /m);
    expect(second.stderr).toContain("netproof lab down");
    expect(await status()).toMatchObject({ code: 0, pid });
  });

  it("is one even where two are started at once, and the loser leaves nothing", async () => {
    const own = place();
    opened.push(own);
    const both = await Promise.all([own.lab("up"), own.lab("up")]);
    expect(both.map(({ code }) => code).sort()).toEqual([0, 3]);
    const { pid, kubeconfig } = await own.status();
    expect(readdirSync(own.state).sort()).toEqual([
      expect.stringMatching(/^lab-\w+\.log$/),
      "lab.json",
      "lab.kubeconfig",
    ]);
    const args = ["cleanup", "--kubeconfig", kubeconfig];
    expect(await netproof(args)).toMatchObject({ code: 0, stdout: "nothing is left of any run\n" });
    expect(keepers(own.home)).toEqual([pid]);
  });

  it("leaves no process behind when it is killed, and `lab status` and `lab up` notice", async () => {
    const { lab, status, pid, processes, temporary } = await placeWithLab();
    process.kill(pid, "SIGKILL");
    expect(await survivors(processes, 10_000)).toEqual([]);
    expect(readdirSync(temporary)).toEqual([]);
    expect(await status()).toEqual({ code: 3, running: false, reason: "it was killed" });
    expect((await lab("status")).stdout).toMatch(/^no lab is running: .*: it was killed$/m);
    expect(await lab("up")).toMatchObject({ code: 0 });
    expect(await status()).toMatchObject({ code: 0, running: true });
  });

  it("ends by itself when its network is gone, and leaves word of it", async () => {
    const { status, pid, processes, state } = await placeWithLab();
    const [holder] = processes;
    process.kill(holder?.pid ?? 0, "SIGKILL");
    expect(await survivors([...processes, identity(pid)], 10_000)).toEqual([]);
    expect(await status()).toEqual({ code: 3, running: false, reason: "its network is gone" });
    expect(existsSync(join(state, "lab.kubeconfig"))).toBe(false);
  });

  it("ends by itself when its state is gone, since nobody could find it any more", async () => {
    const { pid, processes, state } = await placeWithLab();
    const all = [...processes, identity(pid)];
    rmSync(state, { recursive: true });
    expect(await survivors(all, 10_000)).toEqual([]);
    expect(existsSync(state)).toBe(false);
  });

  it("does not come to be where the command is interrupted or killed while it starts", async () => {
    for (const signal of ["SIGINT", "SIGKILL"] as const) {
      const own = place();
      opened.push(own);
      const child = spawn(process.execPath, [LAUNCHER, "lab", "up"], {
        cwd: ROOT,
        env: { ...process.env, ...own.env },
        stdio: ["ignore", "pipe", "pipe"],
      });
      await once(child.stderr, "data");
      while (keepers(own.home).length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      const [keeper = 0] = keepers(own.home);
      const ids = [identity(keeper)];
      child.kill(signal);
      await once(child, "close");
      expect(await survivors([...ids, ...descendantsOf(keeper)], 10_000)).toEqual([]);
      expect(await own.status()).toMatchObject({ code: 3, running: false });
      expect([...readdirSync(own.home), ...readdirSync(own.temporary)]).toEqual([]);
    }
  });
});

describe.skipIf(labReason)("a kubeconfig of one's own choice", () => {
  it("is written there, and removed with the lab", async () => {
    const file = join(folder, "it's mine");
    const { lab, up } = await placeWithLab("--kubeconfig", file);
    expect(up.stdout).toContain(`export KUBECONFIG='${file.replace("'", `'\\''`)}'\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await lab("down");
    expect(existsSync(file)).toBe(false);
  });

  it("never replaces one that leads elsewhere", async () => {
    const own = place();
    opened.push(own);
    const { lab, home } = own;
    const file = join(folder, "precious");
    writeFileSync(file, "apiVersion: v1\nkind: Config\nclusters: []\n");
    const { code, stderr } = await lab("up", "--kubeconfig", file);
    expect(code).toBe(2);
    expect(stderr).toContain(`"${file}" is there and is not a lab's`);
    expect(readFileSync(file, "utf8")).toContain("clusters: []");
    expect(keepers(home)).toEqual([]);
  });
});

describe("what cannot be", () => {
  it.each([
    { name: "an unknown fault", args: ["--lab-fault", "nothing"], says: 'The lab has no fault "nothing"' },
    { name: "no node", args: ["--nodes", "0"], says: "It is a whole number from 1" },
    { name: "too many nodes", args: ["--nodes", "1000"], says: "at most" },
    {
      name: "a folder that is not there",
      args: ["--kubeconfig", "/nowhere/file"],
      says: "Cannot write the lab's kubeconfig",
    },
  ])("is a wrong flag: $name", async ({ args, says }) => {
    const { lab, home } = place();
    const { code, stderr } = await lab("up", ...args);
    expect(stderr).toContain(says);
    expect(code).toBe(2);
    expect(readdirSync(home)).toEqual([]);
  });

  it("is the machine's fault where the state folder cannot be made", async () => {
    const { env } = place();
    const nowhere = join(folder, "not-a-folder");
    writeFileSync(nowhere, "");
    const { code, stderr } = await netproof(["lab", "up"], { env: { ...env, XDG_STATE_HOME: nowhere } });
    expect(stderr).toContain("Set XDG_STATE_HOME");
    expect(code).toBe(3);
  });
});

function identity(pid: number): ProcessId {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return { pid, startTime: text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? "" };
}

/** The processes in the background that were started with this state folder. */
function keepers(home: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const isKeeper = readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("keep-until-told");
        return isKeeper && readFileSync(`/proc/${pid}/environ`, "utf8").includes(`XDG_STATE_HOME=${home}\0`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

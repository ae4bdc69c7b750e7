import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import pLimit from "p-limit";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import { LAUNCHER, netproof, ROOT, temporaryFolder } from "../testing/netproof.ts";
import { connect, IMAGE, remains, type TestCluster, until } from "./testing/cluster.ts";

const folder = temporaryFolder();
const SHOP = join(ROOT, "scenarios/three-tier");
const TIMES = Number(process.env.KILLS ?? 1);
const DEADLINE_S = 60;
/** Runs at a time, beside the one that is left alone. */
const AT_ONCE = 2;
const isEnforced = inject("enforcement") === "enforced";
/** When to kill, by the line of progress after which it happens. */
const STEPS = [
  { what: "namespaces made", after: "making pods" },
  { what: "pods pending", after: "pods run" },
  { what: "sessions open", after: "sessions open" },
  { what: "policies applied", after: "enforced" },
  { what: "policies half removed", after: "removing policies" },
];

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await connect();
});
afterAll(() => cluster[Symbol.asyncDispose]());

describe("runs that are killed", () => {
  it(`leave no pod and no policy after their deadline, and disturb no other (${TIMES} × ${STEPS.map(({ what }) => what).join(", ")})`, async () => {
    const limit = pLimit(AT_ONCE);
    const dead = Promise.all(
      Array.from({ length: TIMES }, () => STEPS)
        .flat()
        .map((step, index) => limit(() => killAfter(step, index))),
    );
    dead.catch(() => {});
    const beside = await netproof(["prove", "-f", SHOP, "--probe-image", IMAGE]);
    expect(beside.code, beside.stdout + beside.stderr).toBe(isEnforced ? 0 : 4);
    await dead;
    expect(await remains(cluster)).not.toEqual([]);
    await until(
      "that pods and policies of the dead runs are gone",
      async () => ((await remains(cluster)).every((what) => what.startsWith("namespaces ")) ? true : undefined),
      (DEADLINE_S + 120) * 1000,
    );
    const cleanup = await netproof(["cleanup"]);
    expect(cleanup.code, cleanup.stdout + cleanup.stderr).toBe(0);
    await until("that nothing remains", async () => ((await remains(cluster)).length === 0 ? true : undefined));
  }, 600_000);

  async function killAfter({ after }: (typeof STEPS)[number], index: number): Promise<void> {
    const junit = join(folder, `${index}.xml`);
    const child = start("--deadline", String(DEADLINE_S), "--report", `junit=${junit}`);
    expect(await says(child, after), `it never came to: ${after}`).toBe(true);
    child.kill("SIGKILL");
    await once(child, "close");
    expect(existsSync(junit), "a run that was killed has left its report").toBe(true);
  }
});

describe("a run that is interrupted", () => {
  it("removes all that it made, by SIGINT and by SIGTERM", async () => {
    const interrupt = async (signal: "SIGINT" | "SIGTERM"): Promise<unknown> => {
      const child = start();
      expect(await says(child, "baseline")).toBe(true);
      child.kill(signal);
      return once(child, "close");
    };
    expect(await Promise.all([interrupt("SIGINT"), interrupt("SIGTERM")])).toEqual([
      [130, null],
      [143, null],
    ]);
    await until("that nothing remains", async () => ((await remains(cluster)).length === 0 ? true : undefined));
  });

  it("leaves at once when it is interrupted again, and says how to clean later", async () => {
    const child = start();
    expect(await says(child, "baseline")).toBe(true);
    let stderr = "";
    child.stderr?.on("data", (text) => {
      stderr += text;
    });
    child.kill("SIGINT");
    expect(await says(child, "Interrupted")).toBe(true);
    child.kill("SIGINT");
    expect(await once(child, "close")).toEqual([130, null]);
    expect(stderr).toContain("netproof cleanup");
    await netproof(["cleanup", "--yes"]);
    await until("that nothing remains", async () => ((await remains(cluster)).length === 0 ? true : undefined));
  });
});

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

function start(...flags: string[]): ChildProcess {
  const child = spawn(process.execPath, [LAUNCHER, "prove", "-f", SHOP, "--probe-image", IMAGE, ...flags], {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "pipe"],
  });
  started.push(child);
  return child;
}

/** Whether the program comes to write that on stderr. */
async function says(child: ChildProcess, step: string): Promise<boolean> {
  let text = "";
  return new Promise((resolve) => {
    const read = (chunk: Buffer): void => {
      text += String(chunk);
      if (!text.includes(step)) return;
      child.stderr?.off("data", read);
      resolve(true);
    };
    child.stderr?.on("data", read);
    child.once("close", () => resolve(false));
  });
}

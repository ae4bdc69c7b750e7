import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { labReason } from "./testing/lab.ts";
import { LAUNCHER, ROOT, temporaryFolder } from "./testing/netproof.ts";
import { descendantsOf, survivors } from "./testing/processes.ts";

const folder = temporaryFolder();
const SHOP = join(ROOT, "scenarios/three-tier");
const STEPS = ["making pods", "pods run", "sessions open", "baseline", "enforced"] as const;

describe.skipIf(labReason)(`a proof that is killed${labReason ?? ""}`, () => {
  it.each(STEPS)("leaves no process, file, mount or namespace behind: kill -9 at «%s»", async (step) => {
    const before = hostState();
    const { child, temporary } = start();
    await said(child, step);
    const processes = descendantsOf(child.pid ?? 0);
    expect(processes.length).toBeGreaterThan(0);
    child.kill("SIGKILL");
    expect(await survivors(processes, 10_000)).toEqual([]);
    expect(readdirSync(temporary)).toEqual([]);
    expect(hostState()).toEqual(before);
  });

  it("notices that the lab's network was killed, and ends with exit 3", async () => {
    const { child } = start();
    await said(child, "baseline");
    const [holder] = descendantsOf(child.pid ?? 0);
    process.kill(holder?.pid ?? 0, "SIGKILL");
    const [code] = await once(child, "close");
    expect(code).toBe(3);
  });
});

describe.skipIf(labReason)("a proof that is interrupted", () => {
  it.each([
    { signal: "SIGINT", code: 130 },
    { signal: "SIGTERM", code: 143 },
  ] as const)("cleans up, says so and ends with $code: $signal", async ({ signal, code }) => {
    const { child, temporary } = start();
    await said(child, "baseline");
    const processes = descendantsOf(child.pid ?? 0);
    let stderr = "";
    child.stderr?.on("data", (text) => {
      stderr += text;
    });
    child.kill(signal);
    expect(await once(child, "close")).toEqual([code, null]);
    expect(stderr).toMatch(/^Interrupted; /m);
    expect(await survivors(processes, 5000)).toEqual([]);
    expect(readdirSync(temporary)).toEqual([]);
  });
});

let runs = 0;

function start(): { child: ChildProcess; temporary: string } {
  runs += 1;
  const temporary = join(folder, `tmp-${runs}`);
  mkdirSync(temporary);
  const child = spawn(process.execPath, [LAUNCHER, "prove", "-f", SHOP, "--lab"], {
    cwd: ROOT,
    env: { ...process.env, TMPDIR: temporary },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { child, temporary };
}

/** Ends when the program has written the step's line on stderr. */
async function said(child: ChildProcess, step: string): Promise<void> {
  let text = "";
  for await (const [chunk] of on(child)) {
    text += chunk;
    if (text.includes(step)) return;
  }
  throw new Error(`it never said "${step}": ${text}`);
}

async function* on(child: ChildProcess): AsyncGenerator<[string]> {
  const ended = new AbortController();
  child.once("close", () => ended.abort());
  while (child.exitCode === null && child.signalCode === null) {
    const data = await once(child.stderr ?? child, "data", { signal: ended.signal }).catch(() => undefined);
    if (data === undefined) return;
    yield [String(data[0])];
  }
}

/** What of the machine a lab might change if it were careless. */
function hostState(): Record<string, string> {
  const read = (path: string): string => readFileSync(path, "utf8");
  return {
    interfaces: readdirSync("/sys/class/net").sort().join(" "),
    routes: read("/proc/net/route"),
    mounts: read("/proc/self/mounts"),
    forwarding: read("/proc/sys/net/ipv4/ip_forward"),
  };
}

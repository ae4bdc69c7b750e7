import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { readFileSync } from "node:fs";
import { kill } from "node:process";
import { PassThrough, Readable } from "node:stream";
import type { LabProcess } from "../contracts.ts";

/** How long an ended process's output is waited for, if a process that it left behind keeps it open. */
const DRAIN_MS = 250;

/**
 * `child` is a wrapper that waits outside the lab for the one process that it started inside; both are of the process
 * group that the wrapper leads.
 */
export function labProcess(child: ChildProcessWithoutNullStreams): LabProcess {
  // Who writes to a process that has ended learns it from `exited`.
  child.stdin.on("error", () => {});
  const exited = new Promise<{ code: number | null; error?: string }>((resolve) => {
    child.on("error", (error) => resolve({ code: null, error: error.message }));
    child.on("close", (code) => resolve({ code }));
    child.on("exit", (code, signal) => {
      if (signal !== null) killGroup(child.pid);
      setTimeout(() => resolve({ code }), DRAIN_MS).unref();
    });
  });
  // Node throws away what nobody had begun to read when a process ends.
  const [stdout, stderr] = [child.stdout.pipe(new PassThrough()), child.stderr.pipe(new PassThrough())];
  return { stdin: child.stdin, stdout, stderr, exited, kill: () => killInside(child) };
}

export function processThatCannotStart(error: string): LabProcess {
  const exited = Promise.resolve({ code: null, error });
  return { stdin: new PassThrough().resume(), stdout: Readable.from([]), stderr: Readable.from([]), exited, kill() {} };
}

/**
 * Ends the process inside and lets its wrapper reap it and follow. Killed together, or the wrapper first, the dead
 * process would fall to the machine's first process, which in a container may be one that reaps nobody; and until it
 * is reaped the lab's PID namespace stays.
 */
function killInside(child: ChildProcessWithoutNullStreams): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const inside = childrenOf(child.pid);
  if (inside.length === 0) child.kill("SIGKILL"); // on its way in
  for (const pid of inside) {
    try {
      kill(pid, "SIGKILL");
    } catch {
      // It has just ended by itself.
    }
  }
}

/** What a killed process started itself, and what was just on its way in when somebody killed its wrapper. */
function killGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    kill(-leader, "SIGKILL");
  } catch {
    // Nobody is left.
  }
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

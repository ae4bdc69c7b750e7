import { readdirSync, readFileSync } from "node:fs";
import { kill } from "node:process";
import { setTimeout as delay } from "node:timers/promises";

/** A process, told apart from a later one that has the same number. */
export interface ProcessId {
  readonly pid: number;
  /** When it started, in ticks since the machine did. */
  readonly startTicks: string;
}

interface Stat extends ProcessId {
  readonly parent: number;
  readonly state: string;
}

const LOOK_EVERY_MS = 20;

/** Undefined if there is no such process. */
export function identify(pid: number): ProcessId | undefined {
  const stat = readStat(String(pid));
  return stat && { pid, startTicks: stat.startTicks };
}

/** A zombie is dead: only its parent has not noticed yet. */
export function isAlive({ pid, startTicks }: ProcessId): boolean {
  const stat = readStat(String(pid));
  return stat !== undefined && stat.startTicks === startTicks && stat.state !== "Z";
}

/**
 * Asks a process to end, kills it where it does not, and waits until everything that it had started is gone too.
 * Gives what is still there after twice the patience.
 */
export async function endProcess(process: ProcessId, patienceMs: number): Promise<readonly ProcessId[]> {
  const all = [process, ...descendantsOf(process.pid)];
  send(process, "SIGTERM");
  if ((await survivors(all, patienceMs)).length === 0) return [];
  send(process, "SIGKILL");
  return survivors(all, patienceMs);
}

async function survivors(of: readonly ProcessId[], timeoutMs: number): Promise<readonly ProcessId[]> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const left = of.filter(isAlive);
    if (left.length === 0 || Date.now() > end) return left;
    await delay(LOOK_EVERY_MS);
  }
}

function send(process: ProcessId, signal: "SIGTERM" | "SIGKILL"): void {
  if (!isAlive(process)) return;
  try {
    kill(process.pid, signal);
  } catch {
    // It has just ended, or is another user's; the waiting shows which.
  }
}

function descendantsOf(root: number): readonly ProcessId[] {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readStat(name) ?? []);
  const found: Stat[] = [];
  const parents = [root];
  for (const parent of parents) {
    const children = all.filter((candidate) => candidate.parent === parent);
    found.push(...children);
    parents.push(...children.map(({ pid }) => pid));
  }
  return found;
}

function readStat(name: string): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${name}/stat`, "utf8");
    // The program's name stands in parentheses and may hold anything.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { pid: Number(name), state: fields[0] ?? "", parent: Number(fields[1]), startTicks: fields[19] ?? "" };
  } catch {
    return undefined; // it has ended
  }
}

// Reads /proc by itself: what judges whether everything has ended shares nothing with the program that ends it.
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** A process, told apart from a later one that has the same number. */
export interface ProcessId {
  readonly pid: number;
  readonly startTime: string;
}

interface Stat extends ProcessId {
  readonly parent: number;
  readonly state: string;
}

/** All processes below `root`, itself not included. */
export function descendantsOf(root: number): readonly ProcessId[] {
  const all = processes();
  const found: Stat[] = [];
  const parents = [root];
  for (const parent of parents) {
    const children = all.filter((candidate) => candidate.parent === parent);
    found.push(...children);
    parents.push(...children.map(({ pid }) => pid));
  }
  return found;
}

/** Waits until none of them is alive; gives those that still are when time is up. Zombies are dead. */
export async function survivors(of: readonly ProcessId[], timeoutMs: number): Promise<readonly ProcessId[]> {
  const end = Date.now() + timeoutMs;
  while (true) {
    const alive = new Set(
      processes().flatMap(({ pid, startTime, state }) => (state === "Z" ? [] : [`${pid} ${startTime}`])),
    );
    const left = of.filter(({ pid, startTime }) => alive.has(`${pid} ${startTime}`));
    if (left.length === 0 || Date.now() > end) return left;
    await delay(50);
  }
}

function processes(): readonly Stat[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const text = readFileSync(`/proc/${name}/stat`, "utf8");
        // The name stands in parentheses and may hold anything.
        const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
        return [{ pid: Number(name), state: fields[0] ?? "", parent: Number(fields[1]), startTime: fields[19] ?? "" }];
      } catch {
        return []; // it has just ended
      }
    });
}

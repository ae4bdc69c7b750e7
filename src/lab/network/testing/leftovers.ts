import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { pid as ownPid } from "node:process";

const NAMESPACES = ["mnt", "net", "pid", "user"];

export interface Seen {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** Every process that this user may see, with its namespaces. */
function allProcesses(): readonly (Seen & { readonly marks: string })[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({
      pid: Number(pid),
      parent: Number(/^PPid:\t(\d+)$/m.exec(read(`/proc/${pid}/status`))?.[1]),
      command: read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim(),
      marks: read(`/proc/${pid}/environ`),
    }));
}

/** The processes of one lab: those with the marker in their command or environment, and the first process inside. */
export function processesOf(marker: string): readonly Seen[] {
  const all = allProcesses();
  const marked = all.filter(({ command, marks }) => command.includes(marker) || marks.includes(marker));
  const children = all.filter(({ parent }) => marked.some(({ pid }) => pid === parent));
  return [...new Set([...marked, ...children])];
}

export interface Kept {
  /** As the kernel writes them: `mnt:[4026532177]`. */
  readonly names: ReadonlySet<string>;
  release(): void;
}

/**
 * The namespaces that those processes are in and this one is not. They are kept open until released, because the kernel
 * gives the number of one that is gone to the next that anybody makes.
 */
export function keepNamespaces(processes: readonly Seen[]): Kept {
  const own = new Set(NAMESPACES.map((kind) => link(`/proc/self/ns/${kind}`)));
  const kept = new Map<string, number>();
  for (const path of processes.flatMap(({ pid }) => NAMESPACES.map((kind) => `/proc/${pid}/ns/${kind}`))) {
    const file = open(path);
    if (file === undefined) continue;
    const name = link(`/proc/self/fd/${file}`);
    if (own.has(name) || kept.has(name)) closeSync(file);
    else kept.set(name, file);
  }
  const release = () => {
    for (const file of kept.values()) closeSync(file);
  };
  return { names: new Set(kept.keys()), release };
}

/** What else holds one of those namespaces: a process in it, an open file, a mount. */
export function holdersOf(lost: ReadonlySet<string>): readonly string[] {
  const others = allProcesses().filter(({ pid }) => pid !== ownPid);
  return others.flatMap(({ pid, command }) => {
    const mounts = read(`/proc/${pid}/mountinfo`).match(/net:\[\d+\]/g) ?? [];
    const files = entries(`/proc/${pid}/fd`).map((fd) => link(`/proc/${pid}/fd/${fd}`));
    const held = [...namespaces(pid), ...files, ...mounts].filter((name) => lost.has(name));
    return held.length > 0 ? [`${pid} ${command}: ${held.join(" ")}`] : [];
  });
}

const namespaces = (pid: number) => NAMESPACES.map((kind) => link(`/proc/${pid}/ns/${kind}`));

/** @returns undefined for a process that has ended */
function open(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch {
    return undefined;
  }
}

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

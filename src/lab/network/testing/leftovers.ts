import { readdirSync, readFileSync, readlinkSync } from "node:fs";

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

/** The namespaces that those processes are in and this one is not. */
export function namespacesOf(processes: readonly Seen[]): ReadonlySet<string> {
  const own = new Set(namespaces("self"));
  return new Set(processes.flatMap(({ pid }) => namespaces(pid)).filter((namespace) => !own.has(namespace)));
}

/** What holds one of those namespaces: a process in it, an open file, a mount. */
export function holdersOf(lost: ReadonlySet<string>): readonly string[] {
  return allProcesses().flatMap(({ pid, command }) => {
    const mounts = read(`/proc/${pid}/mountinfo`).match(/net:\[\d+\]/g) ?? [];
    const files = entries(`/proc/${pid}/fd`).map((fd) => link(`/proc/${pid}/fd/${fd}`));
    const held = [...namespaces(pid), ...files, ...mounts].filter((name) => lost.has(name));
    return held.length > 0 ? [`${pid} ${command}: ${held.join(" ")}`] : [];
  });
}

function namespaces(pid: number | "self"): readonly string[] {
  return ["mnt", "net", "pid", "user"].map((kind) => link(`/proc/${pid}/ns/${kind}`)).filter(Boolean);
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

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { getuid } from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { refusal } from "./refusal.ts";
import { HOLDER_SCRIPT } from "./scripts.ts";
import type { Tools } from "./tools.ts";

/** The process whose namespaces are the lab. When it dies, the kernel ends every process inside. */
export interface Holder {
  readonly pid: number;
  readonly hasUserNamespace: boolean;
  readonly tools: Tools;
  readonly gone: Promise<void>;
  isGone(): boolean;
  close(): Promise<void>;
}

interface HolderOptions {
  readonly tools: Tools;
  readonly agentPath: string;
  /** Root needs none, but may be told to use one. */
  readonly userNamespace?: boolean;
}

const CLOSE_MS = 1000;

/** Root does without a user namespace where it can; everybody else needs one. */
export async function startHolder(options: HolderOptions, signal: AbortSignal): Promise<Holder> {
  const isRoot = getuid?.() === 0 && options.userNamespace !== true;
  const attempts = isRoot ? [false, true] : [true];
  const complaints: string[] = [];
  for (const hasUserNamespace of attempts) {
    const started = await tryHolder(options, hasUserNamespace, signal);
    if (typeof started !== "string") return started;
    complaints.push(started);
  }
  throw refusal(complaints);
}

/** Gives the holder, or what was said instead. */
async function tryHolder(
  { tools, agentPath }: HolderOptions,
  hasUserNamespace: boolean,
  signal: AbortSignal,
): Promise<Holder | string> {
  signal.throwIfAborted();
  // setpriv has the kernel end `unshare` with this process, and --kill-child the first process inside with `unshare`.
  const child = spawn(
    tools.setpriv,
    [
      ...["--pdeathsig", "KILL", tools.unshare, ...(hasUserNamespace ? ["--user", "--map-root-user"] : [])],
      ...["--mount", "--net", "--pid", "--fork", "--kill-child=SIGKILL"],
      ...["sh", "-c", HOLDER_SCRIPT, "netproof-lab", agentPath, tools.mount, tools.nft],
    ],
    // In a process group of its own: Ctrl-C is for this process, which then ends the lab in good order.
    { cwd: "/", env: { PATH: searchPath(tools), LC_ALL: "C" }, stdio: "pipe", detached: true },
  );
  const abort = () => child.kill("SIGKILL");
  signal.addEventListener("abort", abort);
  try {
    const pid = await readyPid(child);
    signal.throwIfAborted();
    return typeof pid === "string" ? pid : holder(child, { pid, hasUserNamespace, tools });
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function holder(
  child: ChildProcessWithoutNullStreams,
  facts: Pick<Holder, "pid" | "hasUserNamespace" | "tools">,
): Holder {
  const gone = new Promise<void>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    child.on("exit", () => resolve());
  });
  return {
    ...facts,
    gone,
    isGone: () => child.exitCode !== null || child.signalCode !== null,
    async close() {
      child.stdin.end();
      const late = new AbortController();
      const stop = delay(CLOSE_MS, undefined, { signal: late.signal }).then(
        () => child.kill("SIGKILL"),
        () => {},
      );
      await gone;
      late.abort();
      await stop;
    },
  };
}

function readyPid(child: ChildProcessWithoutNullStreams): Promise<number | string> {
  child.stdin.on("error", () => {});
  let output = "";
  let complaint = "";
  child.stderr.on("data", (chunk) => {
    // Kept short: whatever the holder says later is of no use.
    complaint = `${complaint}${chunk}`.slice(0, 2000);
  });
  return new Promise((resolve) => {
    child.stdout.on("data", (chunk) => {
      output += chunk;
      const pid = /^ready (\d+)$/m.exec(output)?.[1];
      if (pid !== undefined) resolve(Number(pid));
    });
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code, signal) => resolve(complaint.trim() || `ended with ${signal ?? `status ${code}`}`));
  });
}

function searchPath(tools: Tools): string {
  const folders = Object.values(tools).map((path: string) => path.slice(0, path.lastIndexOf("/")));
  return [...new Set([...folders, "/usr/sbin", "/usr/bin", "/sbin", "/bin"])].join(":");
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { createInterface } from "node:readline";

/** Said to the new process once its first line has arrived: without it nobody knows of it, and it ends. */
const KEEP = "keep\n";

export interface Started {
  /** The first line that it wrote to stdout; undefined if it ended without. */
  readonly line: string | undefined;
  /** How it ended, where it has. */
  readonly ending: string | undefined;
  /** Lets it go on without this process. */
  keep(): void;
}

interface DetachedOptions {
  /** Where its stderr goes. */
  readonly logFile: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Starts a program in a session of its own and waits for its first line. An abort waits until the program has ended. */
export async function startDetached(
  [program = "", ...args]: readonly string[],
  { logFile, env }: DetachedOptions,
  signal: AbortSignal,
): Promise<Started> {
  signal.throwIfAborted();
  const log = openSync(logFile, "w", 0o600);
  const child = spawn(program, args, { cwd: "/", env: { ...env }, detached: true, stdio: ["pipe", "pipe", log] });
  closeSync(log);
  const ended = endOf(child);
  // Nobody says "keep" any more, so it ends by itself.
  const abort = (): void => void child.stdin?.destroy();
  signal.addEventListener("abort", abort);
  try {
    const line = await firstLine(child, ended);
    if (signal.aborted) await ended;
    signal.throwIfAborted();
    return {
      line,
      ending: line === undefined ? await ended : undefined,
      keep() {
        child.stdin?.end(KEEP);
        child.stdout?.destroy();
        child.unref();
      },
    };
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

async function firstLine(child: ChildProcess, ended: Promise<string>): Promise<string | undefined> {
  child.stdin?.on("error", () => {});
  if (child.stdout === null) return undefined;
  const lines = createInterface({ input: child.stdout });
  const line = once(lines, "line").then(([text]) => String(text));
  // What it wrote just before its end may still be on its way.
  const closed = once(lines, "close").then(() => ended);
  const first = await Promise.race([line, closed.then(() => undefined)]);
  lines.close();
  return first;
}

async function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("exit", (code, signal) => resolve(signal === null ? `exit code ${code}` : signal));
  });
}

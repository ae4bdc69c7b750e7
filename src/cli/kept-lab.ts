import { readFile } from "node:fs/promises";
import { UserError } from "../errors/index.ts";
import type { Started } from "../lab/index.ts";
import type { CommandContext } from "./context.ts";
import { type Answer, alreadyRunning } from "./lab-keeper.ts";
import {
  findLab,
  type LabState,
  makeStateFolder,
  newLogFile,
  removeLog,
  removeState,
  stateFolder,
} from "./lab-state.ts";

const PATIENCE_MS = 10_000;

/** Starts a lab in the background, and ends when it is ready. `argv`: the command line of `keepLab`. */
export async function startKeptLab(
  argv: readonly string[],
  { program, env, signal }: CommandContext,
): Promise<LabState> {
  const { startDetached } = await import("../lab/index.ts");
  const folder = stateFolder(env);
  const found = await findLab(folder);
  if (found.kind === "running") throw alreadyRunning(found.state);
  await makeStateFolder(folder);
  const logFile = newLogFile(folder);
  try {
    const started = await startDetached([...program, ...argv, "--log-file", logFile], { logFile, env }, signal);
    const answer = await readAnswer(started, logFile);
    if ("error" in answer) {
      const { code, message, ...options } = answer.error;
      throw new UserError(code, message, options);
    }
    started.keep();
    return answer.state;
  } catch (error) {
    await removeLog(folder, logFile);
    throw error;
  }
}

async function readAnswer({ line, ending }: Started, logFile: string): Promise<Answer> {
  if (line !== undefined) return JSON.parse(line) as Answer; // our own program's words
  const said = (await readFile(logFile, "utf8").catch(() => "")).trim();
  throw new UserError("LAB_NOT_STARTED", `The lab ended while it was starting: ${ending}\n${said}`.trim(), {
    hint: "Mend what it complains of, or try again; `dmesg` may tell more",
  });
}

/** Ends the lab, and waits until everything of it is gone. False if there is none that runs. */
export async function endKeptLab({ env }: CommandContext): Promise<boolean> {
  const { endProcess } = await import("../lab/index.ts");
  const folder = stateFolder(env);
  const found = await findLab(folder);
  if (found.kind === "none") return false;
  const left = found.kind === "running" ? await endProcess(found.state.process, PATIENCE_MS) : [];
  if (left.length > 0) {
    const pids = left.map(({ pid }) => pid).join(" ");
    throw new UserError("LAB_NOT_ENDED", `The lab does not end: these processes are still there: ${pids}`, {
      hint: `End them as the user who started the lab: kill -9 ${pids}`,
    });
  }
  await removeState(folder, found.state);
  return found.kind === "running";
}

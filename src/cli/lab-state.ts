import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { UserError } from "../errors/index.ts";
import type { Environment } from "./terminal.ts";

/** What is written down of a lab that runs in the background. */
export interface LabState {
  /** As it was told apart from a later process with the same number. */
  readonly process: { readonly pid: number; readonly startTicks: string };
  readonly startedAt: string;
  readonly nodes: readonly string[];
  readonly faults: readonly string[];
  readonly denial: "drop" | "reject";
  /** An absolute path, as `logFile`. */
  readonly kubeconfig: string;
  /** What the process writes to stderr. */
  readonly logFile: string;
  /** Why it ended, where it did so by itself. */
  readonly ended?: string;
}

/** A user's one lab: where its files lie. */
export interface StateFolder {
  readonly path: string;
  readonly stateFile: string;
  readonly kubeconfig: string;
}

export type FoundLab =
  | { readonly kind: "none" }
  | { readonly kind: "running"; readonly state: LabState }
  /** `reason` as far as it is known. */
  | { readonly kind: "dead"; readonly state?: LabState; readonly reason: string };

export function stateFolder({ XDG_STATE_HOME = "", HOME }: Environment): StateFolder {
  // The specification has relative paths ignored.
  const base = isAbsolute(XDG_STATE_HOME) ? XDG_STATE_HOME : join(HOME || homedir(), ".local/state");
  const path = join(base, "netproof");
  return { path, stateFile: join(path, "lab.json"), kubeconfig: join(path, "lab.kubeconfig") };
}

export async function findLab({ stateFile }: StateFolder): Promise<FoundLab> {
  const { isAlive } = await import("../lab/index.ts");
  let text: string;
  try {
    text = await readFile(stateFile, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { kind: "none" };
    throw stateUnusable("read", stateFile, error);
  }
  const state = parseState(text);
  if (state === undefined) return { kind: "dead", reason: `"${stateFile}" does not say which lab it is about` };
  if (state.ended !== undefined) return { kind: "dead", state, reason: state.ended };
  return isAlive(state.process) ? { kind: "running", state } : { kind: "dead", state, reason: "it was killed" };
}

function parseState(text: string): LabState | undefined {
  try {
    const state = JSON.parse(text) as Partial<LabState> | null; // looked at below, as far as we act on it
    const { pid, startTicks } = state?.process ?? {};
    const isWhole = Number.isInteger(pid) && typeof startTicks === "string" && typeof state?.kubeconfig === "string";
    return isWhole ? (state as LabState) : undefined;
  } catch {
    return undefined;
  }
}

/** Makes the folder where the state will lie. */
export async function makeStateFolder({ path }: StateFolder): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw stateUnusable("make", path, error);
  }
}

/** Writes down that this lab runs. False if another one does; what a dead one left is replaced. */
export async function claimState(folder: StateFolder, state: LabState): Promise<boolean> {
  const draft = await writeDraft(folder.stateFile, `${JSON.stringify(state, null, 2)}\n`);
  try {
    // A link appears whole or not at all, and never over another.
    if (await tryLink(draft, folder.stateFile)) return true;
    if ((await findLab(folder)).kind === "running") return false;
    await takeAwayDead(folder);
    return await tryLink(draft, folder.stateFile);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Between the look and the removal another may have put its own there: that is put back. */
async function takeAwayDead({ stateFile, ...folder }: StateFolder): Promise<void> {
  const away = `${stateFile}.${randomBytes(4).toString("hex")}`;
  await rename(stateFile, away).catch(() => {}); // somebody else was faster
  const found = await findLab({ ...folder, stateFile: away });
  if (found.kind === "running") await tryLink(away, stateFile);
  if (found.kind === "dead" && found.state !== undefined) await rm(found.state.logFile, { force: true });
  await rm(away, { force: true });
}

/** Leaves word of why a lab ended by itself. */
export async function noteEnd({ stateFile }: StateFolder, state: LabState): Promise<void> {
  await rename(await writeDraft(stateFile, `${JSON.stringify(state, null, 2)}\n`), stateFile);
}

/** Takes away all that is known of a lab, its kubeconfig too if that is still its own. */
export async function removeState(folder: StateFolder, state: LabState | undefined): Promise<void> {
  if (state !== undefined) await removeKubeconfig(state);
  await rm(folder.stateFile, { force: true });
  await removeLog(folder, state?.logFile);
}

export async function removeKubeconfig({ kubeconfig }: LabState): Promise<void> {
  const { isLabKubeconfig } = await import("../lab/index.ts");
  const text = await readFile(kubeconfig, "utf8").catch(() => "");
  if (isLabKubeconfig(text)) await rm(kubeconfig, { force: true });
}

/** Takes away what a process wrote, and the folder if nothing else is in it. */
export async function removeLog({ path }: StateFolder, logFile: string | undefined): Promise<void> {
  if (logFile !== undefined) await rm(logFile, { force: true });
  await rmdir(path).catch(() => {}); // somebody else keeps something there
}

/** A file for one process: two that start at once must not write into the same. */
export function newLogFile({ path }: StateFolder): string {
  return join(path, `lab-${randomBytes(4).toString("hex")}.log`);
}

/** Throws where there is a file that is no lab's: nobody's access to a real cluster must be lost. */
export async function requireReplaceable(path: string): Promise<void> {
  const { isLabKubeconfig } = await import("../lab/index.ts");
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw kubeconfigUnusable(path, error);
  });
  if (text === undefined || text === "" || isLabKubeconfig(text)) return;
  throw new UserError("KUBECONFIG_TAKEN", `Cannot write the lab's kubeconfig: "${path}" is there and is not a lab's`, {
    hint: "Name a file that does not exist yet with --kubeconfig",
    kind: "usage",
  });
}

/** Readable by this user alone: it holds the key to the lab. */
export async function writeKubeconfig(path: string, text: string): Promise<void> {
  try {
    await rename(await writeDraft(path, text), path);
  } catch (error) {
    throw kubeconfigUnusable(path, error);
  }
}

async function writeDraft(path: string, text: string): Promise<string> {
  const draft = `${path}.${randomBytes(4).toString("hex")}`;
  await writeFile(draft, text, { mode: 0o600, flag: "wx" });
  return draft;
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw stateUnusable("write", to, error);
  }
}

function stateUnusable(verb: "read" | "make" | "write", path: string, cause: unknown): UserError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new UserError("LAB_STATE_UNUSABLE", `Cannot ${verb} "${path}": ${reason}`, {
    hint: "Set XDG_STATE_HOME to a folder that this user may write to",
    cause,
  });
}

function kubeconfigUnusable(path: string, cause: unknown): UserError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new UserError("KUBECONFIG_UNWRITABLE", `Cannot write the lab's kubeconfig "${path}": ${reason}`, {
    hint: "Name a file in a folder that is there and may be written to with --kubeconfig",
    cause,
    kind: "usage",
  });
}

import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { EXIT, type ExitCode, isUserError, UserError } from "../errors/index.ts";
import type { LabSpec, Started, StartedLab } from "../lab/index.ts";
import type { CommandContext } from "./context.ts";
import {
  claimState,
  findLab,
  type LabState,
  makeStateFolder,
  newLogFile,
  noteEnd,
  removeKubeconfig,
  removeLog,
  removeState,
  requireReplaceable,
  type StateFolder,
  stateFolder,
  writeKubeconfig,
} from "./lab-state.ts";

export interface LabWish extends Pick<LabSpec, "nodes" | "faults" | "denial"> {
  /** An absolute path; beside the state if absent. */
  readonly kubeconfig?: string;
}

/** What the process in the background is told besides. */
export interface KeptLabWish extends LabWish {
  readonly logFile: string;
}

/** The first line of the process in the background. */
type Answer = { readonly state: LabState } | { readonly error: Failure };

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly kind: "usage" | "environment";
}

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

/** The process in the background: a lab until it is told to end, or until the lab breaks. */
export async function keepLab(wish: KeptLabWish, context: CommandContext): Promise<ExitCode> {
  const folder = stateFolder(context.env);
  const { stdin, stdout } = context.streams;
  // Ends with "keep" once somebody knows of this lab, and without when nobody will any more.
  const word = text(stdin).catch(() => "");
  const unwanted = new AbortController();
  void word.then((said) => said === "" && unwanted.abort());
  const signal = AbortSignal.any([context.signal, unwanted.signal]);
  try {
    const kubeconfig = wish.kubeconfig ?? folder.kubeconfig;
    await requireReplaceable(kubeconfig);
    await using lab = await start(wish, context, signal);
    const state = await announce(lab, { wish, kubeconfig, folder });
    stdout.write(`${JSON.stringify({ state } satisfies Answer)}\n`);
    const reason = await Promise.race([lab.broken, aborted(signal)]);
    if (reason === undefined) {
      await removeState(folder, state);
      return EXIT.ok;
    }
    await removeKubeconfig(state);
    await noteEnd(folder, { ...state, ended: reason });
    return EXIT.inconclusive;
  } catch (error) {
    if (unwanted.signal.aborted) {
      await removeLog(folder, wish.logFile);
      return EXIT.inconclusive;
    }
    if (isUserError(error)) stdout.write(`${JSON.stringify({ error: failureOf(error) } satisfies Answer)}\n`);
    throw error;
  }
}

async function start({ nodes, faults, denial }: LabWish, context: CommandContext, signal: AbortSignal) {
  const { startLab } = await import("../lab/index.ts");
  const agentPath = await context.agentBinary(process.arch === "arm64" ? "arm64" : "amd64");
  return startLab({ nodes, faults, denial, agentPath }, signal);
}

interface Surroundings {
  readonly wish: KeptLabWish;
  readonly kubeconfig: string;
  readonly folder: StateFolder;
}

async function announce(lab: StartedLab, { wish, kubeconfig, folder }: Surroundings): Promise<LabState> {
  const { identify } = await import("../lab/index.ts");
  const { faults, denial, logFile } = wish;
  const startedAt = new Date().toISOString();
  const own = identify(process.pid) ?? { pid: process.pid, startTicks: "" };
  const state: LabState = { process: own, startedAt, nodes: lab.nodes, faults, denial, kubeconfig, logFile };
  if (!(await claimState(folder, state))) {
    const found = await findLab(folder);
    throw alreadyRunning(found.kind === "running" ? found.state : state);
  }
  try {
    await writeKubeconfig(kubeconfig, lab.kubeconfig);
  } catch (error) {
    await removeState(folder, undefined);
    throw error;
  }
  return state;
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

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}

function failureOf({ code, message, hint, kind }: UserError): Failure {
  return { code, message, kind, ...(hint === undefined ? {} : { hint }) };
}

function alreadyRunning({ startedAt, kubeconfig }: LabState): UserError {
  return new UserError(
    "LAB_RUNNING",
    `A lab is running already, since ${startedAt}: its kubeconfig is "${kubeconfig}"`,
    {
      hint: "Use that one, or end it first with `netproof lab down`",
    },
  );
}

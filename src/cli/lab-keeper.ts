import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { EXIT, type ExitCode, isUserError, UserError } from "../errors/index.ts";
import type { LabSpec, StartedLab } from "../lab/index.ts";
import type { CommandContext } from "./context.ts";
import {
  claimState,
  findLab,
  type LabState,
  noteEnd,
  removeKubeconfig,
  removeLog,
  removeState,
  requireReplaceable,
  type StateFolder,
  stateFolder,
  writeKubeconfig,
} from "./lab-state.ts";

export interface LabWish extends Pick<LabSpec, "nodes" | "faults" | "denial" | "isDual"> {
  /** An absolute path; beside the state if absent. */
  readonly kubeconfig?: string;
}

/** What the process in the background is told besides. */
export interface KeptLabWish extends LabWish {
  readonly logFile: string;
}

/** The first line of the process in the background. */
export type Answer = { readonly state: LabState } | { readonly error: Failure };

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly kind: "usage" | "environment";
}

const LOOK_EVERY_MS = 2000;

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
    return await leave(await endOf(lab, { state, folder, signal }), { state, folder });
  } catch (error) {
    if (unwanted.signal.aborted) {
      await removeLog(folder, wish.logFile);
      return EXIT.inconclusive;
    }
    if (isUserError(error)) stdout.write(`${JSON.stringify({ error: failureOf(error) } satisfies Answer)}\n`);
    throw error;
  }
}

async function start({ nodes, faults, denial, isDual = false }: LabWish, context: CommandContext, signal: AbortSignal) {
  const { startLab } = await import("../lab/index.ts");
  const agentPath = await context.agentBinary(process.arch === "arm64" ? "arm64" : "amd64");
  return startLab({ nodes, faults, denial, isDual, agentPath }, signal);
}

/** `broken`: the lab can no longer be trusted; `lost`: nobody can find it any more, since its state is gone. */
type Ending = { readonly kind: "told" | "lost" } | { readonly kind: "broken"; readonly reason: string };

interface Whereabouts {
  readonly state: LabState;
  readonly folder: StateFolder;
}

async function endOf(
  lab: StartedLab,
  { state, folder, signal }: Whereabouts & { signal: AbortSignal },
): Promise<Ending> {
  const isOver = new AbortController();
  const broken = lab.broken.then((reason) => ({ kind: "broken", reason }) as const);
  const lost = (async () => {
    while (!isOver.signal.aborted && (await isKnown(state, folder))) {
      await delay(LOOK_EVERY_MS, undefined, { signal: isOver.signal }).catch(() => {});
    }
    return { kind: "lost" } as const;
  })();
  try {
    return await Promise.race([broken, aborted(signal).then(() => ({ kind: "told" }) as const), lost]);
  } finally {
    isOver.abort();
  }
}

async function isKnown({ process: own }: LabState, folder: StateFolder): Promise<boolean> {
  const found = await findLab(folder).catch(() => undefined);
  // What cannot be read just now is not gone.
  return found === undefined || (found.kind === "running" && found.state.process.pid === own.pid);
}

async function leave(ending: Ending, { state, folder }: Whereabouts): Promise<ExitCode> {
  switch (ending.kind) {
    case "told":
      await removeState(folder, state);
      return EXIT.ok;
    case "broken":
      await removeKubeconfig(state);
      await noteEnd(folder, { ...state, ended: ending.reason });
      return EXIT.inconclusive;
    case "lost": {
      const found = await findLab(folder);
      const isTaken = found.kind === "running" && found.state.kubeconfig === state.kubeconfig;
      if (!isTaken) await removeKubeconfig(state);
      await removeLog(folder, state.logFile);
      return EXIT.inconclusive;
    }
  }
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

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function failureOf({ code, message, hint, kind }: UserError): Failure {
  return { code, message, kind, ...(hint === undefined ? {} : { hint }) };
}

export function alreadyRunning({ startedAt, kubeconfig }: LabState): UserError {
  return new UserError(
    "LAB_RUNNING",
    `A lab is running already, since ${startedAt}: its kubeconfig is "${kubeconfig}"`,
    {
      hint: "Use that one, or end it first with `netproof lab down`",
    },
  );
}

import { spawn } from "node:child_process";
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execPath, getuid } from "node:process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { openNetwork } from "../network.ts";
import type { SceneName } from "./scenes.ts";

export const NOBODY = 65534;
export const isRoot = getuid?.() === 0;

/** A place that another user may read, with the test programs and something to stand for the agent. */
export interface Stage {
  readonly agentPath: string;
  readonly program: string;
  remove(): void;
}

/** @param source of a module in this folder: what the other user's process runs */
export async function setStage(source: string, agent = "/bin/true"): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), "netproof-stage-"));
  chmodSync(folder, 0o755);
  const program = join(folder, "program.mjs");
  const resolveDir = dirname(fileURLToPath(import.meta.url));
  const target = "node20.19";
  await build({
    stdin: { contents: source, resolveDir, loader: "ts" },
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    external: ["esbuild"],
    target,
  });
  const agentPath = join(folder, "agent");
  copyFileSync(agent, agentPath);
  return { agentPath, program, remove: () => rmSync(folder, { recursive: true }) };
}

/** Runs the stage's program as that user. */
export function runAs(uid: number | undefined, stage: Stage, args: readonly string[]) {
  const node = [execPath, stage.program, stage.agentPath, ...args];
  const as = uid === undefined ? [] : ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
  const [command = "", ...rest] = [...as, ...node];
  return spawn(command, rest, { cwd: "/", stdio: ["pipe", "pipe", "pipe"] });
}

export const PLAYER = `
import { argv, stdout } from "node:process";
import { playScene } from "./scenes.ts";
stdout.write(JSON.stringify(await playScene(argv[3], { agentPath: argv[2] })));
`;

export async function playAs(uid: number, stage: Stage, scene?: SceneName): Promise<unknown> {
  const child = runAs(uid, stage, scene === undefined ? [] : [scene]);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout);
}

/** Why this machine cannot run the lab; empty where it can. A part of test titles, so that a skip says its reason. */
export async function obstacle(): Promise<string> {
  try {
    const network = await openNetwork({ nodes: 1, agentPath: "/bin/true" }, AbortSignal.timeout(20_000));
    await network[Symbol.asyncDispose]();
    return "";
  } catch (error) {
    return `cannot run here: ${error instanceof Error ? error.message : error}`;
  }
}

import type { LabNetwork, LabProcess } from "../contracts.ts";
import { backOff, type Command, type Waiting } from "./command.ts";
import { createLogBuffer, type LogBuffer } from "./log-buffer.ts";
import type { ContainerSpec, PodSpec, ProbeSpec } from "./pod-spec.ts";
import type { ContainerFacts, ContainerState, Running, Terminated } from "./pod-status.ts";
import { startProbeLoop } from "./probe-loop.ts";
import type { Target } from "./prober.ts";

export interface ContainerContext {
  readonly pod: PodSpec;
  readonly network: Pick<LabNetwork, "run">;
  /** What it shall run, or why it cannot. */
  command(): Command | Waiting;
  probe(target: Omit<Target, "address">): Promise<boolean | undefined>;
  random(): number;
  now(): string;
  onChange(): void;
}

/** A container of a pod that is wired, through all its restarts. */
export interface Container {
  facts(): ContainerFacts;
  start(): void;
  exec(argv: readonly string[]): LabProcess | undefined;
  /** Ends what runs by `exec`. */
  cutExecs(): void;
  log(): LogBuffer;
  /** Ends its process, as if it had died. */
  kill(): void;
  /** Ends it for good. */
  stop(): Promise<void>;
}

const KILLED = 128 + 9;
const PULL_AGAIN_MS = 2000;
const BACK_OFF_MS = { first: 10_000, longest: 300_000 };

export function createContainer(spec: ContainerSpec, context: ContainerContext): Container {
  const { pod, network, now, onChange } = context;
  const execs = new Set<LabProcess>();
  const loops: { stop(): void }[] = [];
  let log = createLogBuffer();
  let process: LabProcess | undefined;
  let state: ContainerState = { kind: "waiting", waiting: { reason: "ContainerCreating" } };
  let last: Terminated | undefined;
  let restarts = 0;
  let isStarted = false;
  let isReady = false;
  let isStopped = false;
  let again: NodeJS.Timeout | undefined;

  function start(): void {
    if (isStopped) return;
    const command = context.command();
    if ("argv" in command) run(command);
    else wait(command);
  }

  function run({ argv, env }: Command): void {
    if (restarts > 0) log = createLogBuffer();
    const started = network.run(pod.uid, argv, env);
    process = started;
    for (const output of [started.stdout, started.stderr]) output.on("data", (chunk) => log.write(chunk));
    const running = { kind: "running", startedAt: now(), id: `lab://${pod.uid}/${spec.name}/${restarts}` } as const;
    state = running;
    isStarted = spec.startup === undefined;
    isReady = spec.readiness === undefined;
    if (spec.startup === undefined) watchHealth();
    else runProbe(spec.startup, (isGood) => (isGood ? passStartup() : kill()));
    started.exited.then(({ code, error }) => end(running, code, error));
    onChange();
  }

  /** An image that cannot be had now will not be had later either, but a kubelet would try. */
  function wait(waiting: Waiting): void {
    state = { kind: "waiting", waiting };
    onChange();
    const later = backOff(spec, waiting);
    if (later.reason !== waiting.reason) again = setTimeout(() => wait(later), PULL_AGAIN_MS).unref();
  }

  function runProbe(probe: ProbeSpec, onVerdict: (isGood: boolean) => void): void {
    const { port, timeoutMs } = probe;
    const attempt = () => context.probe({ port, timeoutMs });
    loops.push(startProbeLoop({ spec: probe, probe: attempt, onVerdict, random: context.random }));
  }

  function passStartup(): void {
    if (isStarted) return;
    isStarted = true;
    stopProbes();
    watchHealth();
    onChange();
  }

  function watchHealth(): void {
    if (spec.liveness) runProbe(spec.liveness, (isGood) => !isGood && kill());
    if (!spec.readiness) return;
    runProbe(spec.readiness, (isGood) => {
      if (isReady === isGood) return;
      isReady = isGood;
      onChange();
    });
  }

  function end({ startedAt, id }: Running, code: number | null, error: string | undefined): void {
    stopProbes();
    cutExecs();
    log.end();
    process = undefined;
    const exitCode = error === undefined ? (code ?? KILLED) : 128;
    const message = `failed to create containerd task: failed to create shim task: OCI runtime create failed: ${error}`;
    const why =
      error === undefined ? { reason: exitCode === 0 ? "Completed" : "Error" } : { reason: "StartError", message };
    const ended: Terminated = { kind: "terminated", exitCode, ...why, startedAt, finishedAt: now(), id };
    state = ended;
    if (willRestart()) restartLater(ended);
    onChange();
  }

  function restartLater(ended: Terminated): void {
    const waitMs = restarts === 0 ? 0 : Math.min(BACK_OFF_MS.longest, BACK_OFF_MS.first * 2 ** (restarts - 1));
    last = ended;
    if (waitMs > 0) {
      const message = `back-off ${waitMs / 1000}s restarting failed container=${spec.name} pod=${pod.name}_${pod.namespace}(${pod.uid})`;
      state = { kind: "waiting", waiting: { reason: "CrashLoopBackOff", message } };
    }
    again = setTimeout(() => {
      restarts += 1;
      start();
    }, waitMs).unref();
  }

  function willRestart(): boolean {
    if (isStopped || state.kind !== "terminated") return false;
    return pod.restartPolicy === "Always" || (pod.restartPolicy === "OnFailure" && state.exitCode !== 0);
  }

  function stopProbes(): void {
    for (const loop of loops.splice(0)) loop.stop();
  }

  function kill(): void {
    process?.kill();
  }

  function cutExecs(): void {
    for (const exec of execs) exec.kill();
  }

  return {
    facts: () => ({ spec, state, last, restarts, isStarted, isReady, willRestart: willRestart() }),
    start,
    exec(argv) {
      const command = context.command();
      if (process === undefined || !("argv" in command)) return undefined;
      const exec = network.run(pod.uid, argv, command.env);
      execs.add(exec);
      exec.exited.then(() => execs.delete(exec));
      return exec;
    },
    cutExecs,
    log: () => log,
    kill,
    async stop() {
      isStopped = true;
      clearTimeout(again);
      stopProbes();
      kill();
      await process?.exited;
    },
  };
}

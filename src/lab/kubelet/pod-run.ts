import type { KubeObject, LabNetwork, LabProcess, Store } from "../contracts.ts";
import { type Command, commandOf } from "./command.ts";
import { type Container, createContainer } from "./container.ts";
import type { LogBuffer } from "./log-buffer.ts";
import { readPodSpec } from "./pod-spec.ts";
import { type PodFacts, phaseOf, renderStatus } from "./pod-status.ts";
import type { Target } from "./prober.ts";

export interface PodContext {
  readonly store: Store;
  readonly network: Pick<LabNetwork, "run">;
  readonly hostIP: string;
  now(): string;
  random(): number;
  probe(target: Target): Promise<boolean | undefined>;
  /** What runs instead of the pod's own command. */
  changeCommand(pod: KubeObject, argv: readonly string[]): readonly string[];
  /** All its containers have ended and will not start again. */
  onOver(): void;
}

/** A pod on its node, from its binding to its end. */
export interface PodRun {
  /** Writes the status anew, as far as it has changed. */
  report(): void;
  /** It has its addresses; nothing runs yet. */
  wired(addresses: readonly string[]): void;
  /** It could not be wired. */
  unwired(message: string): void;
  startContainers(): void;
  exec(container: string | undefined, argv: readonly string[]): LabProcess | undefined;
  log(container: string | undefined): LogBuffer | undefined;
  kill(): void;
  cutExecs(): void;
  stop(): Promise<void>;
  /** It is being deleted: how its containers end is no news to anybody. */
  forget(): void;
}

const NODE_DEADLINE = "Pod was active on the node longer than the specified deadline";

export function createPodRun(pod: KubeObject, context: PodContext): PodRun {
  const spec = readPodSpec(pod);
  const { uid, namespace, name } = spec;
  const startTime = context.now();
  let addresses: readonly string[] = [];
  let failure: PodFacts["failure"];
  let trouble: string | undefined;
  let wasOver = false;
  let isForgotten = false;
  let deadline: NodeJS.Timeout | undefined;

  const latest = () => {
    const stored = context.store.get("Pod", namespace, name);
    return stored?.metadata.uid === uid ? stored : pod;
  };
  const containers: readonly Container[] = spec.containers.map((container) => {
    const command = () => {
      const wanted = commandOf(container, latest());
      return "argv" in wanted ? changed(wanted) : wanted;
    };
    return createContainer(container, { ...context, pod: spec, command, probe, onChange: report });
  });

  function changed({ argv, env }: Command): Command {
    return { argv: context.changeCommand(pod, argv), env };
  }

  async function probe(target: Omit<Target, "address">): Promise<boolean | undefined> {
    const [address] = addresses;
    return address === undefined ? undefined : await context.probe({ address, ...target });
  }

  function facts(): PodFacts {
    const known = containers.map((container) => container.facts());
    const shown = trouble === undefined ? known : known.map((container) => ({ ...container, state: blocked(trouble) }));
    return { spec, startTime, hostIP: context.hostIP, addresses, containers: shown, failure };
  }

  function report(): void {
    if (isForgotten) return;
    const now = facts();
    context.store.update("Pod", namespace, name, (stored) =>
      stored.metadata.uid === uid ? { ...stored, status: renderStatus(stored, now, context.now()) } : stored,
    );
    const phase = phaseOf(now);
    if (wasOver || (phase !== "Succeeded" && phase !== "Failed")) return;
    wasOver = true;
    clearTimeout(deadline);
    context.onOver();
  }

  function expire(): void {
    failure = { reason: "DeadlineExceeded", message: NODE_DEADLINE };
    void stopContainers().then(report);
  }

  async function stopContainers(): Promise<void> {
    clearTimeout(deadline);
    await Promise.all(containers.map((container) => container.stop()));
  }

  if (spec.activeDeadlineSeconds !== undefined) {
    deadline = setTimeout(expire, spec.activeDeadlineSeconds * 1000).unref();
  }

  const find = (wanted: string | undefined) =>
    containers.find((container) => wanted === undefined || container.facts().spec.name === wanted);

  return {
    report,
    wired(given) {
      addresses = given;
      report();
    },
    unwired(message) {
      trouble = message;
      report();
    },
    startContainers() {
      if (failure === undefined) for (const container of containers) container.start();
    },
    exec: (wanted, argv) => find(wanted)?.exec(argv),
    log: (wanted) => find(wanted)?.log(),
    kill() {
      for (const container of containers) container.kill();
    },
    cutExecs() {
      for (const container of containers) container.cutExecs();
    },
    stop: stopContainers,
    forget() {
      isForgotten = true;
    },
  };
}

function blocked(message: string | undefined) {
  const waiting = { reason: "ContainerCreating", ...(message !== undefined && { message }) };
  return { kind: "waiting", waiting } as const;
}

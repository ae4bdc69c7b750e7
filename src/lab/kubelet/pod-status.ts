import type { KubeObject } from "../contracts.ts";
import type { Waiting } from "./command.ts";
import { type ContainerSpec, type Fields, fieldsOf, listOf, type PodSpec, textOf } from "./pod-spec.ts";

export type ContainerState = { readonly kind: "waiting"; readonly waiting: Waiting } | Running | Terminated;

export interface Running {
  readonly kind: "running";
  readonly startedAt: string;
  /** Of this start of the container. */
  readonly id: string;
}

export interface Terminated {
  readonly kind: "terminated";
  readonly exitCode: number;
  readonly reason: string;
  readonly message?: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly id: string;
}

/** How a container of a pod stands. */
export interface ContainerFacts {
  readonly spec: ContainerSpec;
  readonly state: ContainerState;
  readonly last: Terminated | undefined;
  readonly restarts: number;
  /** Its startup probe has succeeded, or it has none. */
  readonly isStarted: boolean;
  /** Its readiness probe succeeds, or it has none. */
  readonly isReady: boolean;
  readonly willRestart: boolean;
}

/** How a pod stands, of what its kubelet knows. */
export interface PodFacts {
  readonly spec: PodSpec;
  readonly startTime: string;
  readonly hostIP: string;
  /** Empty until the pod is wired. */
  readonly addresses: readonly string[];
  readonly containers: readonly ContainerFacts[];
  /** Why the pod has failed as a whole. */
  readonly failure: { readonly reason: string; readonly message: string } | undefined;
}

type Phase = "Pending" | "Running" | "Succeeded" | "Failed";
interface Condition {
  readonly type: string;
  readonly status: "True" | "False";
  readonly reason?: string;
  readonly message?: string;
}

/** The status as a kubelet writes it. What others have written beside, such as conditions for gates, stays. */
export function renderStatus(pod: KubeObject, facts: PodFacts, now: string): object {
  const before = fieldsOf(pod.status);
  const { hostIP, addresses, containers, startTime, failure } = facts;
  const { generation } = pod.metadata;
  const observed = typeof generation === "number" ? { observedGeneration: generation } : {};
  const old = listOf(before.conditions).map(fieldsOf);
  const own = conditions(facts, old).map(({ type, status, ...why }) => {
    const same = old.find((condition) => condition.type === type && condition.status === status);
    const lastTransitionTime = same?.lastTransitionTime ?? now;
    return { type, ...observed, status, lastProbeTime: null, lastTransitionTime, ...why };
  });
  const names = new Set<unknown>(own.map(({ type }) => type));
  return {
    ...before,
    ...observed,
    phase: phaseOf(facts),
    conditions: [...own, ...old.filter(({ type }) => !names.has(type))],
    ...(failure ?? {}),
    hostIP,
    hostIPs: [{ ip: hostIP }],
    ...(addresses.length > 0 && { podIP: addresses[0], podIPs: addresses.map((ip) => ({ ip })) }),
    startTime,
    containerStatuses: containers.map(containerStatus),
  };
}

export function phaseOf({ containers, failure }: PodFacts): Phase {
  if (failure !== undefined) return "Failed";
  const isOver = containers.every(({ state, willRestart }) => state.kind === "terminated" && !willRestart);
  if (isOver && containers.length > 0) {
    const isGood = containers.every(({ state }) => state.kind === "terminated" && state.exitCode === 0);
    return isGood ? "Succeeded" : "Failed";
  }
  const hasBegun = containers.some(({ state, last }) => state.kind !== "waiting" || last !== undefined);
  return hasBegun ? "Running" : "Pending";
}

function conditions(facts: PodFacts, known: readonly Fields[]): readonly Condition[] {
  const { containers, addresses, spec } = facts;
  const phase = phaseOf(facts);
  const isOver = phase === "Succeeded" || phase === "Failed";
  const unready = containers.filter((container) => !isReady(container)).map(({ spec: { name } }) => name);
  const over = phase === "Succeeded" ? "PodCompleted" : "PodFailed";
  const why = isOver
    ? { reason: over }
    : { reason: "ContainersNotReady", message: `containers with unready status: [${unready.join(" ")}]` };
  const containersReady = unready.length === 0 && !isOver;
  const gate = containersReady ? closedGate(spec, known) : undefined;
  return [
    { type: "PodReadyToStartContainers", status: truth(addresses.length > 0 && !isOver) },
    { type: "Initialized", status: "True", ...(phase === "Succeeded" && { reason: over }) },
    containersReady
      ? { type: "Ready", status: truth(gate === undefined), ...gate }
      : { type: "Ready", status: "False", ...why },
    { type: "ContainersReady", status: truth(containersReady), ...(!containersReady && why) },
    { type: "PodScheduled", status: "True" },
  ];
}

/** The first readiness gate that nobody has opened. */
function closedGate({ readinessGates }: PodSpec, known: readonly Fields[]) {
  const statusOf = (gate: string) => known.find(({ type }) => type === gate)?.status;
  const gate = readinessGates.find((name) => statusOf(name) !== "True");
  if (gate === undefined) return undefined;
  const found = textOf(statusOf(gate));
  const state = found === undefined ? "does not exist." : `has status "${found}", but expected status is "True"`;
  return {
    reason: "ReadinessGatesNotReady",
    message: `corresponding condition of pod readiness gate "${gate}" ${state}`,
  };
}

function containerStatus(container: ContainerFacts): object {
  const { spec, state, last, restarts, isStarted } = container;
  const begun = state.kind === "waiting" ? last : state;
  return {
    name: spec.name,
    state: stateFields(state),
    lastState: last ? stateFields(last) : {},
    ready: isReady(container),
    restartCount: restarts,
    image: spec.image,
    imageID: begun ? spec.image : "",
    ...(begun && { containerID: begun.id }),
    started: state.kind === "running" && isStarted,
  };
}

function stateFields(state: ContainerState): object {
  switch (state.kind) {
    case "waiting":
      return { waiting: state.waiting };
    case "running":
      return { running: { startedAt: state.startedAt } };
    case "terminated": {
      const { kind: _, id, ...fields } = state;
      return { terminated: { ...fields, containerID: id } };
    }
  }
}

function isReady({ state, isStarted, isReady }: ContainerFacts): boolean {
  return state.kind === "running" && isStarted && isReady;
}

function truth(value: boolean): "True" | "False" {
  return value ? "True" : "False";
}

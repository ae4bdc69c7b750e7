import pLimit from "p-limit";
import { UserError } from "../errors/index.ts";
import { Agent, type AgentOptions } from "../observation/index.ts";
import type { PartyName } from "../plan/index.ts";
import type { ApiClient, Json } from "./client.ts";
import { openExecChannel } from "./exec-channel.ts";
import { PODS } from "./objects.ts";
import { AGENT_COMMAND, CONTAINER } from "./pod-shape.ts";
import { waitFor } from "./wait.ts";

export interface PodToOpen {
  /** As the cluster calls it. */
  readonly namespace: string;
  readonly name: string;
  readonly party: PartyName;
}

export interface OpenPodsOptions {
  readonly agent: AgentOptions;
  readonly readyTimeoutMs: number;
  /** What to do where an image cannot be had. */
  readonly imageHint: string;
  readonly onProgress?: (what: string, done: number, total: number) => void;
}

export interface OpenedPods {
  readonly objects: readonly Json[];
  readonly agents: ReadonlyMap<PartyName, Agent>;
}

/** Sessions that open at once: exec is outside the API server's own limits, so we limit ourselves. */
const SESSIONS = 32;

/** Waits for pods, and opens a session with each as soon as it runs. Throws a UserError for a pod that never will. */
export async function openPods(
  client: ApiClient,
  pods: readonly PodToOpen[],
  options: OpenPodsOptions,
  signal: AbortSignal,
): Promise<OpenedPods> {
  const agents = new Map<PartyName, Agent>();
  const sessions: Promise<unknown>[] = [];
  const limit = pLimit(SESSIONS);
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const open = (pod: PodToOpen): void => {
    const session = limit(async () => agents.set(pod.party, await openSession(client, pod, options.agent, either)));
    // The first that fails ends the wait for the others.
    session.catch((error) => failed.abort(error));
    sessions.push(session);
    options.onProgress?.("pods run", sessions.length, pods.length);
  };
  try {
    const found = await Promise.all(
      [...byNamespace(pods)].map(async ([namespace, own]) => {
        const objects = await waitFor(
          client,
          {
            kind: PODS,
            namespace,
            names: [...own.keys()],
            isDone: (object) => isRunning(object, options.imageHint),
            timeoutMs: options.readyTimeoutMs,
            forWhat: "pods to run",
            onDone: (name) => {
              const pod = own.get(name);
              if (pod !== undefined) open(pod);
            },
          },
          either,
        );
        // In the plan's order, whichever ran first: two runs give the same report.
        return [...own.keys()].map((name) => objects.get(name)).filter((object) => object !== undefined);
      }),
    );
    await Promise.all(sessions);
    options.onProgress?.("sessions open", agents.size, pods.length);
    return { objects: found.flat(), agents };
  } catch (error) {
    failed.abort(error);
    await Promise.allSettled(sessions);
    await Promise.all([...agents.values()].map((agent) => agent[Symbol.asyncDispose]()));
    throw error;
  }
}

async function openSession(
  client: ApiClient,
  { namespace, name, party }: PodToOpen,
  options: AgentOptions,
  signal: AbortSignal,
): Promise<Agent> {
  const target = { namespace, pod: name, container: CONTAINER, command: AGENT_COMMAND };
  return Agent.open(party, await openExecChannel(client, target, signal), options);
}

function byNamespace(pods: readonly PodToOpen[]): ReadonlyMap<string, Map<string, PodToOpen>> {
  const groups = new Map<string, Map<string, PodToOpen>>();
  for (const pod of pods) {
    const group = groups.get(pod.namespace) ?? new Map<string, PodToOpen>();
    groups.set(pod.namespace, group.set(pod.name, pod));
  }
  return groups;
}

interface PodStatus {
  readonly phase?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly podIP?: string;
  readonly containerStatuses?: readonly {
    readonly name?: string;
    readonly state?: {
      readonly running?: unknown;
      readonly waiting?: { readonly reason?: string; readonly message?: string };
    };
  }[];
}

/** An image that no registry has, or whose pull has been given up once. */
const NO_IMAGE = /^(ErrImageNeverPull|ImagePullBackOff|InvalidImageName|ErrImagePull)$/;

/** Has an address, and its container runs: whether that is reached, the baseline shows. Throws where it never will. */
function isRunning(object: Json, imageHint: string): boolean {
  const { name, namespace } = object.metadata as { name: string; namespace: string };
  const status = (object.status ?? {}) as PodStatus;
  const pod = `Pod "${name}" in namespace "${namespace}"`;
  if (status.phase === "Failed" || status.phase === "Succeeded") {
    const why = status.reason ?? status.message ?? "its process ended";
    throw new UserError("POD_ENDED", `${pod} ended before it was used: ${why}`, {
      hint: `Look with \`kubectl -n ${namespace} logs ${name}\``,
    });
  }
  const waiting = status.containerStatuses
    ?.map(({ state }) => state?.waiting)
    .find((found) => NO_IMAGE.test(found?.reason ?? ""));
  if (waiting !== undefined) {
    const why = waiting.message ?? waiting.reason ?? "";
    throw new UserError("NO_IMAGE", `${pod} cannot have its image: ${why}`, { hint: imageHint });
  }
  const agent = status.containerStatuses?.find(({ name: container }) => container === CONTAINER);
  return (
    status.phase === "Running" &&
    agent?.state?.running !== undefined &&
    status.podIP !== undefined &&
    status.podIP !== ""
  );
}

import pLimit from "p-limit";
import { UserError } from "../errors/index.ts";
import { Agent, type Clock } from "../observation/index.ts";
import type { PartyName, StagePlan } from "../plan/index.ts";
import {
  type ClusterState,
  type Labels,
  type NetworkPolicy,
  type Pod,
  parseNamespace,
  parsePod,
  parsePolicy,
} from "../snapshot/index.ts";
import { messageOf } from "./access.ts";
import { isStatus } from "./api-error.ts";
import type { ApiClient, Json } from "./client.ts";
import { openExecChannel } from "./exec-channel.ts";
import { create, get, list, NAMESPACES, NETWORK_POLICIES, PODS, patch, remove, SERVICE_ACCOUNTS } from "./objects.ts";
import { AGENT_COMMAND, CONTAINER, podObject, RUN_ANNOTATION } from "./pod-shape.ts";
import { waitFor } from "./wait.ts";

export interface StageOptions {
  readonly runId: string;
  readonly key: string;
  readonly image: string;
  readonly clock: Clock;
  /** The pods and their agents end by themselves after this. */
  readonly deadlineSeconds: number;
  /** How long to wait for pods to run. */
  readonly readyTimeoutMs: number;
  readonly heartbeatMs: number;
  /** The cluster itself goes with the run: nothing needs to be removed from it. */
  readonly isEphemeral: boolean;
  /** Called at the end with what could not be removed, and why. */
  readonly onLeftover: (namespaces: readonly string[], reason: string) => void;
  readonly onProgress?: (what: string, done: number, total: number) => void;
}

/** Calls under way at once towards the API server and, of exec sessions that open, towards the kubelets. */
const CALLS = 8;
const SESSIONS = 32;

/** Namespaces and probe pods of one run, with a session to each. Undoes itself when a step fails. */
export class Stage implements AsyncDisposable {
  readonly agents = new Map<PartyName, Agent>();
  readonly #client: ApiClient;
  readonly #spec: StagePlan;
  readonly #options: StageOptions;
  readonly #madeNamespaces: string[] = [];
  readonly #limit = pLimit(CALLS);
  #pods: readonly Pod[] = [];
  #namespaces: ClusterState["namespaces"] = [];

  private constructor(client: ApiClient, spec: StagePlan, options: StageOptions) {
    this.#client = client;
    this.#spec = spec;
    this.#options = options;
  }

  static async open(client: ApiClient, spec: StagePlan, options: StageOptions, signal: AbortSignal): Promise<Stage> {
    const stage = new Stage(client, spec, options);
    try {
      await stage.#make(signal);
      return stage;
    } catch (error) {
      await stage[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Namespaces and pods as the server has them; pods with addresses. */
  get state(): Omit<ClusterState, "policies"> {
    return { namespaces: this.#namespaces, pods: this.#pods };
  }

  /** What the server would store, without storing it. */
  async previewPolicies(objects: readonly Json[], signal: AbortSignal): Promise<readonly NetworkPolicy[]> {
    const stored = await this.#each(objects, (object) =>
      create(this.#client, { kind: NETWORK_POLICIES, object, dryRun: true }, signal),
    );
    return stored.map(parsePolicy);
  }

  /** Applies all policies at once; gives them as stored. */
  async applyPolicies(objects: readonly Json[], signal: AbortSignal): Promise<readonly NetworkPolicy[]> {
    const stored = await this.#each(objects, (object) =>
      create(this.#client, { kind: NETWORK_POLICIES, object: this.#marked(object) }, signal),
    );
    return stored.map(parsePolicy);
  }

  async removePolicies(objects: readonly Json[], signal: AbortSignal): Promise<void> {
    await this.#each(objects, (object) => {
      const { namespace, name } = object.metadata as { namespace: string; name: string };
      return remove(this.#client, { kind: NETWORK_POLICIES, namespace, name }, signal);
    });
  }

  /** Every NetworkPolicy that lies in the stage's namespaces now. */
  async listPolicies(signal: AbortSignal): Promise<readonly NetworkPolicy[]> {
    const pages = await this.#each(this.#spec.namespaces, ({ name }) =>
      list(this.#client, { kind: NETWORK_POLICIES, namespace: name }, signal),
    );
    return pages.flatMap(({ items }) => items.map(parsePolicy));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#options.isEphemeral) return;
    await Promise.all([...this.agents.values()].map((agent) => agent[Symbol.asyncDispose]()));
    const signal = AbortSignal.timeout(REMOVAL_MS);
    const namespaces = this.#madeNamespaces.splice(0);
    const removals = await Promise.allSettled(
      namespaces.map((name) => this.#limit(() => remove(this.#client, { kind: NAMESPACES, name }, signal))),
    );
    const failed = removals.flatMap((removal) => (removal.status === "rejected" ? [messageOf(removal.reason)] : []));
    const left = namespaces.filter((_, index) => removals[index]?.status === "rejected");
    if (left.length > 0) this.#options.onLeftover(left, failed[0] ?? "");
  }

  async #make(signal: AbortSignal): Promise<void> {
    const { namespaces, pods } = this.#spec;
    await this.#each(namespaces, (namespace) => this.#makeNamespace(namespace, signal));
    await this.#each(pods, (pod) =>
      create(this.#client, { kind: PODS, object: podObject(pod, this.#options) }, signal),
    );
    const stored = this.#each(namespaces, ({ name }) => get(this.#client, { kind: NAMESPACES, name }, signal));
    this.#pods = await this.#openPods(signal);
    this.#namespaces = (await stored).map(parseNamespace);
  }

  async #makeNamespace({ name, labels }: StagePlan["namespaces"][number], signal: AbortSignal): Promise<void> {
    const metadata = { name, labels, annotations: { [RUN_ANNOTATION]: this.#options.runId } };
    try {
      await create(
        this.#client,
        { kind: NAMESPACES, object: { apiVersion: "v1", kind: "Namespace", metadata } },
        signal,
      );
      this.#madeNamespaces.push(name);
    } catch (error) {
      if (!isStatus(error, 409)) throw error;
      await patch(this.#client, { kind: NAMESPACES, name, body: { metadata: { labels } } }, signal);
    }
    // Pods are refused until the namespace has its service account.
    await waitFor(
      this.#client,
      {
        kind: SERVICE_ACCOUNTS,
        namespace: name,
        names: ["default"],
        isDone: () => true,
        timeoutMs: this.#options.readyTimeoutMs,
        forWhat: "the namespace's service account",
      },
      signal,
    );
  }

  /** Waits for the pods, and opens a session with each as soon as it runs. */
  async #openPods(signal: AbortSignal): Promise<readonly Pod[]> {
    const { readyTimeoutMs, onProgress } = this.#options;
    const total = this.#spec.pods.length;
    const limit = pLimit(SESSIONS);
    const sessions: Promise<void>[] = [];
    const failed = new AbortController();
    const names = new Map<string, string[]>();
    for (const { namespace, name } of this.#spec.pods) names.set(namespace, [...(names.get(namespace) ?? []), name]);
    const onDone = (namespace: string, name: string): void => {
      const session = limit(() => this.#openSession({ namespace, name }, signal));
      // The first that fails ends the wait for the others.
      session.catch((error) => failed.abort(error));
      sessions.push(session);
      onProgress?.("pods run", sessions.length, total);
    };
    const options = { kind: PODS, isDone: isRunning, timeoutMs: readyTimeoutMs, forWhat: "pods to run" };
    const either = AbortSignal.any([signal, failed.signal]);
    const found = await Promise.all(
      [...names].map(([namespace, own]) =>
        waitFor(this.#client, { ...options, namespace, names: own, onDone: onDone.bind(undefined, namespace) }, either),
      ),
    );
    await Promise.all(sessions);
    return found.flatMap((objects) => [...objects.values()].map(parsePod));
  }

  async #openSession({ namespace, name }: { namespace: string; name: string }, signal: AbortSignal): Promise<void> {
    const { deadlineSeconds, clock, key, heartbeatMs } = this.#options;
    const target = { namespace, pod: name, container: CONTAINER, command: AGENT_COMMAND };
    const channel = await openExecChannel(this.#client, target, signal);
    const party = `${namespace}/${name}`;
    this.agents.set(
      party,
      await Agent.open(party, channel, { clock, key, deadlineMs: deadlineSeconds * 1000, heartbeatMs }),
    );
  }

  #marked(object: Json): Json {
    const metadata = object.metadata as { annotations?: Labels };
    const annotations = { ...metadata.annotations, [RUN_ANNOTATION]: this.#options.runId };
    return { ...object, metadata: { ...metadata, annotations } };
  }

  #each<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
    return Promise.all(items.map((item) => this.#limit(() => work(item))));
  }
}

const REMOVAL_MS = 30_000;

/** Runs, is ready and has an address. Throws where it never will. */
function isRunning(object: Json): boolean {
  const { name, namespace } = object.metadata as { name: string; namespace: string };
  const status = (object.status ?? {}) as {
    phase?: string;
    reason?: string;
    message?: string;
    podIP?: string;
    conditions?: readonly { type: string; status: string }[];
  };
  if (status.phase === "Failed" || status.phase === "Succeeded") {
    const why = status.reason ?? status.message ?? "its process ended";
    throw new UserError("POD_ENDED", `Pod "${name}" in namespace "${namespace}" ended before it was used: ${why}`, {
      hint: `Look with \`kubectl -n ${namespace} logs ${name}\``,
    });
  }
  const isReady = status.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True") === true;
  return status.phase === "Running" && isReady && status.podIP !== undefined && status.podIP !== "";
}

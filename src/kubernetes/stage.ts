import pLimit from "p-limit";
import type { Agent, AgentOptions } from "../observation/index.ts";
import {
  type ForeignPolicy,
  NAME_LABEL,
  type PartyName,
  plannedNamespace,
  plannedPod,
  plannedPolicy,
  type RunNames,
  renamedPolicy,
  type StagePlan,
  type StagePod,
} from "../plan/index.ts";
import {
  type ClusterState,
  type Labels,
  type NetworkPolicy,
  parseNamespace,
  parsePod,
  parsePolicy,
} from "../snapshot/index.ts";
import type { ApiClient, Json } from "./client.ts";
import { type ForeignPolicies, listForeignPolicies, type PolicyKind } from "./foreign-policies.ts";
import { RUN_ANNOTATION } from "./marks.ts";
import { create, get, NAMESPACES, NETWORK_POLICIES, PODS, remove, SERVICES } from "./objects.ts";
import { openPods } from "./open-pods.ts";
import { podObject } from "./pod-shape.ts";
import { StageNamespaces } from "./stage-namespaces.ts";
import { type MadeService, makeService } from "./stage-services.ts";

export interface StageOptions {
  readonly runId: string;
  readonly image: string;
  readonly imagePullSecret?: string;
  /** What to do where the image cannot be had. */
  readonly imageHint: string;
  readonly agent: AgentOptions;
  /** After this the pods, their agents and what owns them end by themselves. */
  readonly deadlineSeconds: number;
  /** How long to wait for pods to run. */
  readonly readyTimeoutMs: number;
  /** What the namespaces are called in the cluster. */
  readonly names: RunNames;
  /** Nodes over which the pods are spread; none: as the scheduler likes. */
  readonly nodes: readonly string[];
  /** Kinds of policy that the cluster has beside NetworkPolicy. */
  readonly policyKinds: readonly PolicyKind[];
  /** Called at the end with what could not be removed, and why. */
  readonly onLeftover: (what: readonly string[], reason: string) => void;
  readonly onProgress?: (what: string, done: number, total: number) => void;
}

/** Calls under way at once towards the API server. */
const CALLS = 8;

/** Namespaces and probe pods of one run, with a session to each. Undoes itself when a step fails. */
export class Stage implements AsyncDisposable {
  readonly #client: ApiClient;
  readonly #plan: StagePlan;
  readonly #options: StageOptions;
  readonly #limit = pLimit(CALLS);
  readonly #namespaces: StageNamespaces;
  #agents: ReadonlyMap<PartyName, Agent> = new Map();
  #services: readonly MadeService[] = [];
  #state: Omit<ClusterState, "policies"> = { namespaces: [], pods: [] };

  private constructor(client: ApiClient, plan: StagePlan, options: StageOptions) {
    this.#client = client;
    this.#plan = plan;
    this.#options = options;
    this.#namespaces = new StageNamespaces(client, options);
  }

  static async open(client: ApiClient, plan: StagePlan, options: StageOptions, signal: AbortSignal): Promise<Stage> {
    const stage = new Stage(client, plan, options);
    try {
      await stage.#make(signal);
      return stage;
    } catch (error) {
      await stage[Symbol.asyncDispose]();
      throw error;
    }
  }

  get agents(): ReadonlyMap<PartyName, Agent> {
    return this.#agents;
  }

  /** Namespaces and pods as the server has them, in the names of the files; pods with addresses. */
  get state(): Omit<ClusterState, "policies"> {
    return this.#state;
  }

  get services(): readonly MadeService[] {
    return this.#services;
  }

  /** What the namespaces are called in the files and in the cluster. */
  get namespaces(): readonly { readonly name: string; readonly actual: string }[] {
    return this.#plan.namespaces.map(({ name }) => ({ name, actual: this.#actual(name) }));
  }

  /** What the server would store, without storing it. */
  async previewPolicies(objects: readonly Json[], signal: AbortSignal): Promise<readonly NetworkPolicy[]> {
    return this.#createPolicies(objects, { dryRun: true }, signal);
  }

  /** Applies all policies at once; gives them as stored. */
  async applyPolicies(objects: readonly Json[], signal: AbortSignal): Promise<readonly NetworkPolicy[]> {
    return this.#createPolicies(objects, { dryRun: false }, signal);
  }

  async removePolicies(objects: readonly Json[], signal: AbortSignal): Promise<void> {
    await this.#each(objects, (object) => {
      const { namespace, name } = object.metadata as { namespace: string; name: string };
      const actual = { namespace: this.#actual(namespace), name: this.#options.names.actualObject(name) };
      return remove(this.#client, { kind: NETWORK_POLICIES, ...actual }, signal);
    });
  }

  /** What policies could touch the stage now, in the names of the files; undefined in a cluster of the run's own. */
  async foreignPolicies(signal: AbortSignal): Promise<ForeignPolicies | undefined> {
    if (this.#plan.placement.kind === "own-cluster") return undefined;
    const { names, policyKinds, runId } = this.#options;
    const actual = {
      runId,
      namespaces: this.#state.namespaces.map(({ name, labels }) => {
        const actual = names.actual(name);
        return { name: actual, labels: { ...labels, [NAME_LABEL]: actual } };
      }),
      pods: this.#state.pods.map((pod) => ({ ...pod, namespace: names.actual(pod.namespace) })),
    };
    const found = await listForeignPolicies(this.#client, actual, policyKinds, signal);
    // Within a namespace of somebody else's a name of the files may be another real one's: what such a policy means is open.
    const isClear = (policy: NetworkPolicy): boolean =>
      this.#plan.placement.kind !== "within" || !JSON.stringify(policy).includes(NAME_LABEL);
    const unclear = found.understood.filter((policy) => !isClear(policy));
    return {
      unseen: found.unseen,
      own: found.own.map((policy) => plannedPolicy(policy, names)),
      understood: found.understood.filter(isClear).map((policy) => plannedPolicy(policy, names)),
      unknown: [...found.unknown, ...unclear.map(asForeign)].map(({ what, namespaces }) => ({
        what,
        ...(namespaces === undefined ? {} : { namespaces: namespaces.map(names.planned) }),
      })),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#plan.placement.kind === "own-cluster") return;
    await Promise.all([...this.#agents.values()].map((agent) => agent[Symbol.asyncDispose]()));
    await this.#namespaces.removeAll();
  }

  async #make(signal: AbortSignal): Promise<void> {
    const { namespaces, pods, services } = this.#plan;
    const { names } = this.#options;
    const { kind } = this.#plan.placement;
    await this.#each(namespaces, ({ name, labels }) =>
      this.#namespaces.make({ name: this.#actual(name), labels }, kind, signal),
    );
    this.#services = await this.#each(services, (service) =>
      makeService(service, (object) =>
        create(this.#client, { kind: SERVICES, object: this.#owned(this.#renamed(object)) }, signal),
      ),
    );
    const objects = pods.map((pod, index) => this.#podObject(pod, index));
    await this.#tryShapes(objects, signal);
    await this.#each(objects, (object) => create(this.#client, { kind: PODS, object }, signal));
    const toOpen = pods.map(({ namespace, name }) => ({
      namespace: this.#actual(namespace),
      name: names.actualObject(name),
      party: `${namespace}/${name}`,
    }));
    const [opened, stored] = await Promise.all([
      openPods(this.#client, toOpen, this.#options, signal),
      this.#each(namespaces, ({ name }) => get(this.#client, { kind: NAMESPACES, name: this.#actual(name) }, signal)),
    ]);
    this.#agents = opened.agents;
    this.#state = {
      namespaces: stored.map((object) => plannedNamespace(parseNamespace(object), names)),
      pods: opened.objects.map((object) => plannedPod(parsePod(object), names)),
    };
  }

  /** One pod of each namespace as a dry run: a refusal is heard before anything runs. */
  async #tryShapes(objects: readonly Json[], signal: AbortSignal): Promise<void> {
    if (this.#plan.placement.kind === "own-cluster") return;
    const first = new Map(objects.map((object) => [(object.metadata as { namespace: string }).namespace, object]));
    await this.#each([...first.values()], (object) =>
      create(this.#client, { kind: PODS, object, dryRun: true }, signal),
    );
  }

  #podObject(pod: StagePod, index: number): Json {
    const { nodes } = this.#options;
    const node = nodes[index % Math.max(1, nodes.length)];
    const isShielded = this.#plan.placement.kind === "within";
    const object = podObject(pod, { ...this.#options, isShielded, ...(node === undefined ? {} : { node }) });
    return this.#owned(this.#renamed(object));
  }

  #renamed(object: Json): Json {
    const metadata = object.metadata as { namespace: string; name: string };
    const name = this.#options.names.actualObject(metadata.name);
    return { ...object, metadata: { ...metadata, namespace: this.#actual(metadata.namespace), name } };
  }

  async #createPolicies(
    objects: readonly Json[],
    { dryRun }: { dryRun: boolean },
    signal: AbortSignal,
  ): Promise<readonly NetworkPolicy[]> {
    const { names } = this.#options;
    const stored = await this.#each(objects, (object) =>
      create(
        this.#client,
        { kind: NETWORK_POLICIES, object: this.#owned(renamedPolicy(object, names)), dryRun },
        signal,
      ),
    );
    return stored.map((object) => plannedPolicy(parsePolicy(object), names));
  }

  /** Marked as the run's, and owned by the namespace's Job where there is one. */
  #owned(object: Json): Json {
    const metadata = object.metadata as { namespace: string; annotations?: Labels };
    const annotations = { ...metadata.annotations, [RUN_ANNOTATION]: this.#options.runId };
    const owner = this.#namespaces.ownerIn(metadata.namespace);
    return {
      ...object,
      metadata: { ...metadata, annotations, ...(owner === undefined ? {} : { ownerReferences: [owner] }) },
    };
  }

  #actual(namespace: string): string {
    return this.#options.names.actual(namespace);
  }

  /** Ends when all have ended, also where one fails: nothing may still be under way when what was made is removed. */
  async #each<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
    const settled = await Promise.allSettled(items.map((item) => this.#limit(() => work(item))));
    return settled.map((one) => {
      if (one.status === "rejected") throw one.reason;
      return one.value;
    });
  }
}

function asForeign({ namespace, name }: NetworkPolicy): ForeignPolicy {
  return { what: `NetworkPolicy ${namespace}/${name}`, namespaces: [namespace] };
}

import type { Placement, StagePlan } from "../plan/index.ts";
import { isStatus } from "./api-error.ts";
import { messageOf } from "./cause.ts";
import type { ApiClient } from "./client.ts";
import { ownerJobName } from "./marks.ts";
import { JOBS, NAMESPACES, type ObjectName, remove } from "./objects.ts";
import {
  adoptNamespace,
  awaitServiceAccount,
  makeNamespace,
  makeOwner,
  type OwnerReference,
  type RunNamespaceOptions,
} from "./run-namespace.ts";

export interface StageNamespacesOptions extends RunNamespaceOptions {
  /** Called with what could not be removed, and why. */
  readonly onLeftover: (what: readonly string[], reason: string) => void;
}

const REMOVAL_MS = 30_000;

/** The namespaces of a stage and their owners: what takes everything else with it when it is removed. */
export class StageNamespaces {
  readonly #client: ApiClient;
  readonly #options: StageNamespacesOptions;
  readonly #made: ObjectName[] = [];
  readonly #owners = new Map<string, OwnerReference>();

  constructor(client: ApiClient, options: StageNamespacesOptions) {
    this.#client = client;
    this.#options = options;
  }

  ownerIn(namespace: string): OwnerReference | undefined {
    return this.#owners.get(namespace);
  }

  /** Ends when pods can be made in it. */
  async make(
    namespace: StagePlan["namespaces"][number],
    placement: Placement["kind"],
    signal: AbortSignal,
  ): Promise<void> {
    const { name } = namespace;
    switch (placement) {
      case "own-cluster":
        return adoptNamespace(this.#client, namespace, this.#options, signal);
      case "throwaway":
        await this.#noted({ kind: NAMESPACES, name }, () => makeNamespace(this.#client, namespace, this.#options));
        signal.throwIfAborted();
        await awaitServiceAccount(this.#client, name, this.#options, signal);
        this.#owners.set(name, await makeOwner(this.#client, name, this.#options));
        return;
      case "within": {
        const job = { kind: JOBS, namespace: name, name: ownerJobName(this.#options.runId) };
        this.#owners.set(name, await this.#noted(job, () => makeOwner(this.#client, name, this.#options)));
      }
    }
  }

  async removeAll(): Promise<void> {
    const signal = AbortSignal.timeout(REMOVAL_MS);
    const made = this.#made.splice(0);
    const removals = await Promise.allSettled(made.map((object) => remove(this.#client, object, signal)));
    const left = made.filter((_, index) => removals[index]?.status === "rejected");
    const [failed] = removals.filter((removal) => removal.status === "rejected");
    if (failed === undefined) return;
    const names = left.map(
      ({ kind, namespace, name }) => `${kind.singular} ${namespace === undefined ? "" : `${namespace}/`}${name}`,
    );
    this.#options.onLeftover(names, messageOf(failed.reason));
  }

  /** Noted before it is made: whatever happens meanwhile, it is removed. Only a clear refusal has made nothing. */
  async #noted<T>(object: ObjectName, make: () => Promise<T>): Promise<T> {
    this.#made.push(object);
    try {
      return await make();
    } catch (error) {
      if (isStatus(error, 403)) this.#made.splice(this.#made.indexOf(object), 1);
      throw error;
    }
  }
}

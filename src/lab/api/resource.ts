import type { Family, KubeObject } from "../contracts.ts";
import type { Draft, LabStore } from "../store.ts";
import type { NameRule } from "./admission/names.ts";
import type { Struct } from "./admission/shapes.ts";
import type { Cause } from "./field-errors.ts";

export type Verb = "create" | "delete" | "deletecollection" | "get" | "list" | "patch" | "update" | "watch";

export const ALL_VERBS: readonly Verb[] = [
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "update",
  "watch",
];

export interface Subresource {
  readonly name: "status" | "exec" | "log";
  readonly verbs: readonly Verb[];
  /** What goes in and out, where that is not the resource's own kind. */
  readonly kind?: string;
}

/** What the cluster has that objects may be given. */
export interface ClusterFacts {
  readonly store: LabStore;
  /** Of Services; the first is that of a Service that names none. */
  readonly families: readonly Family[];
}

/** All that tells one resource from another. A further resource is one more of these. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  /** Words that stand for several resources at once: `kubectl get all`. */
  readonly categories: readonly string[];
  readonly verbs: readonly Verb[];
  readonly subresources: readonly Subresource[];
  readonly names: NameRule;
  /** `metadata.generation` counts the changes of the spec. */
  readonly hasGeneration: boolean;
  /** The typed `spec`, where fields are checked one by one; other resources keep whatever is sent. */
  readonly spec?: Struct;
  /** Fields beside name and namespace that a field selector may name. */
  readonly selectable: readonly string[];
  /** What a bookmark's object holds beside its metadata. */
  readonly empty: object;
  /**
   * What a deletion does at first: `removed` it is gone; `emptied` its content goes first (namespaces); `stopped` the
   * kubelet ends it and takes it away (pods).
   */
  readonly onDelete: "removed" | "emptied" | "stopped";
  /** A deletion is answered with the object, as it also is wherever the object stays for a while. */
  readonly isReturnedWhenDeleted: boolean;
  /** Fills in defaults, on create and on update. */
  complete(draft: Draft): Draft;
  /** Gives an object what only the cluster can give, such as addresses. Throws where it cannot. */
  assign(draft: Draft, old: KubeObject | undefined, cluster: ClusterFacts): Draft;
  validate(draft: Draft): readonly Cause[];
  validateUpdate(draft: Draft, old: KubeObject): readonly Cause[];
  /** Throws where the cluster's own rules refuse an object that is in itself valid. */
  admit(draft: Draft, store: LabStore): void;
  /** For questions that are answered and not stored. */
  answer?(draft: Draft): object;
}

type Given = Pick<Resource, "group" | "plural" | "kind" | "namespaced"> & Partial<Resource>;

export function resource(given: Given): Resource {
  return {
    version: "v1",
    shortNames: [],
    categories: [],
    verbs: ALL_VERBS,
    subresources: [],
    names: "subdomain",
    hasGeneration: false,
    selectable: [],
    empty: {},
    onDelete: "removed",
    isReturnedWhenDeleted: false,
    complete: (draft) => draft,
    assign: (draft) => draft,
    validate: () => [],
    validateUpdate: () => [],
    admit: () => {},
    ...given,
  };
}

export function groupVersion({ group, version }: Pick<Resource, "group" | "version">): string {
  return group === "" ? version : `${group}/${version}`;
}

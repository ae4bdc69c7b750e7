/** What the parts of the lab promise one another: the store, the pods' network, the enforcement. */
import type { Readable, Writable } from "node:stream";

/** A Kubernetes object as it goes over the wire. The lab stores and serves raw JSON and never another shape. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly [field: string]: unknown;
}

interface OwnerReference {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly [field: string]: unknown;
}

/** An address family, as the API names it. */
export type Family = "IPv4" | "IPv6";

export interface Change {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: KubeObject;
}

/** The side of the store that the kubelet and the enforcement see. Objects in it are frozen; changes replace them. */
export interface Store {
  list(kind: string, namespace?: string): readonly KubeObject[];
  get(kind: string, namespace: string | undefined, name: string): KubeObject | undefined;
  /** Replaces an object by what `change` makes of it, with a new resourceVersion; nothing happens if it is gone. */
  update(kind: string, namespace: string | undefined, name: string, change: (object: KubeObject) => object): void;
  /** Takes an object away for good: the last step of a deletion. */
  remove(kind: string, namespace: string | undefined, name: string): void;
  /** Called synchronously after each change of that kind. Returns the way to stop it. */
  onChange(kind: string, listener: (change: Change) => void): () => void;
}

/** A process inside a pod or on a node of the lab. */
export interface LabProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Never rejects. `code` is null when a signal ended it; `error` is set when it could not be started. */
  readonly exited: Promise<{ readonly code: number | null; readonly error?: string }>;
  kill(): void;
}

/** Where a pod lies: its name inside the network is `id`, unique for the life of the lab. */
export interface PodPlacement {
  readonly id: string;
  readonly node: string;
  readonly addresses: readonly string[];
}

/** Two routed nodes, a host outside the cluster, and the pods, each a network namespace of the lab's own. */
export interface LabNetwork extends AsyncDisposable {
  readonly nodes: readonly string[];
  /** Wires new pods; the promise ends when all can send and receive. */
  addPods(pods: readonly PodPlacement[]): Promise<void>;
  removePods(ids: readonly string[]): Promise<void>;
  /** A place for the outside host's addresses, which may be any that are not the cluster's own. */
  addOutside(id: string, addresses: readonly string[]): Promise<void>;
  /** Starts a program inside a pod (or the outside host), without capabilities, on a read-only root. */
  run(podId: string, argv: readonly string[], env: Readonly<Record<string, string>>): LabProcess;
  /** Starts a program in a node's own network namespace. */
  runOnNode(node: string, argv: readonly string[]): LabProcess;
  /** Replaces a node's filter rules at once: the text of an nft script, applied as one transaction. */
  applyRules(node: string, script: string): Promise<void>;
  /** Takes a pod's interface down, as a broken cable would. */
  setInterfaceDown(podId: string): Promise<void>;
  /** Ends when the network is gone, whether it was closed or killed. */
  readonly gone: Promise<void>;
}

export const LAB_FAULTS = [
  "nothing-enforced",
  "ingress-not-enforced",
  "egress-not-enforced",
  "except-ignored",
  "endport-ignored-narrow",
  "endport-ignored-wide",
  "named-port-not-resolved",
  "protocol-ignored",
  "peer-and-read-as-or",
  "pod-selector-cluster-wide",
  "policytypes-ignored",
  "ipv6-not-enforced",
  "slow-programming",
] as const;
export type LabFault = (typeof LAB_FAULTS)[number];

/** What can go wrong around the policies; none of it may ever pass for a block. */
export const LAB_ENVIRONMENT_FAULTS = [
  "agent-killed",
  "api-away",
  "exec-cut",
  "interface-down",
  "listener-missing",
  "packet-loss",
  "pod-never-starts",
] as const;
export type LabEnvironmentFault = (typeof LAB_ENVIRONMENT_FAULTS)[number];

/** What the rest of netproof knows of a cluster: plain readonly data, validated and normalised once. */

export const PROTOCOLS = ["TCP", "UDP", "SCTP"] as const;
export type Protocol = (typeof PROTOCOLS)[number];
export type Direction = "ingress" | "egress";
export type Labels = Readonly<Record<string, string>>;

/** One condition on labels. `values` is empty for Exists and DoesNotExist. */
export interface Requirement {
  readonly key: string;
  readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
  readonly values: readonly string[];
}

/** Requirements that must all hold; without any it selects every object. `matchLabels` are In with one value. */
export type Selector = readonly Requirement[];

/** `namespaceSelector` absent: the policy's own namespace. `podSelector` absent: every pod. At least one is present. */
export interface PodsPeer {
  readonly kind: "pods";
  readonly namespaceSelector?: Selector;
  readonly podSelector?: Selector;
}

export interface IpBlockPeer {
  readonly kind: "ipBlock";
  readonly cidr: string;
  readonly except: readonly string[];
}

export type Peer = PodsPeer | IpBlockPeer;

/** `range` is inclusive, and a single port has `from` equal to `to`. A `name` is resolved on the destination pod. */
export type PortItem =
  | { readonly kind: "all"; readonly protocol: Protocol }
  | { readonly kind: "range"; readonly protocol: Protocol; readonly from: number; readonly to: number }
  | { readonly kind: "name"; readonly protocol: Protocol; readonly name: string };

/** No `peers`: everyone, inside and outside the cluster. No `ports`: every port of every protocol. */
export interface Rule {
  readonly peers: readonly Peer[];
  readonly ports: readonly PortItem[];
}

export type Rules = { readonly [direction in Direction]?: readonly Rule[] };

/** A direction is present in `isolates` if the policy isolates its pods for it; its rules say what is then allowed. */
export interface NetworkPolicy {
  readonly namespace: string;
  readonly name: string;
  readonly podSelector: Selector;
  readonly isolates: Rules;
  /** Rules of a direction that `policyTypes` does not name. By the API they mean nothing; some plugins enforce them. */
  readonly unnamed?: Rules;
}

export interface Namespace {
  readonly name: string;
  readonly labels: Labels;
}

export interface ContainerPort {
  readonly name?: string;
  readonly port: number;
  readonly protocol: Protocol;
}

export interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly labels: Labels;
  /** Declared by containers and restartable init containers. */
  readonly ports: readonly ContainerPort[];
  /** At most one of each family; empty while the pod has none. */
  readonly addresses: readonly string[];
  readonly hostNetwork: boolean;
  readonly node?: string;
}

export interface ClusterState {
  readonly namespaces: readonly Namespace[];
  readonly pods: readonly Pod[];
  readonly policies: readonly NetworkPolicy[];
}

/** Where something stands in a file; line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A policy as it stands in a file: what it means, what to send to the API server, and where its parts stand. */
export interface PolicyManifest {
  readonly policy: NetworkPolicy;
  /** The JSON object to send, with `metadata.namespace` filled in; of its metadata the name, labels and annotations stay. */
  readonly object: Readonly<Record<string, unknown>>;
  readonly place: Place;
  /** Places of the rules, by direction and index. */
  readonly rulePlaces: { readonly ingress: readonly Place[]; readonly egress: readonly Place[] };
}

/** A pod template of the files: a Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, Job or CronJob. */
export interface Workload {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  readonly ports: readonly ContainerPort[];
  readonly hostNetwork: boolean;
  readonly place: Place;
}

/** `targetPort`: a number, or the name of a port of the pods behind it. */
export interface ServicePort {
  readonly name?: string;
  readonly protocol: Protocol;
  readonly port: number;
  readonly targetPort: number | string;
}

/** A Service of the files. Without a selector nobody knows what is behind it. */
export interface Service {
  readonly namespace: string;
  readonly name: string;
  readonly selector: Labels;
  readonly ports: readonly ServicePort[];
  /** It has no address of its own. */
  readonly isHeadless: boolean;
  readonly place: Place;
}

/** Everything that was read from files. */
export interface Manifests {
  readonly policies: readonly PolicyManifest[];
  readonly namespaces: readonly (Namespace & { readonly place: Place })[];
  readonly workloads: readonly Workload[];
  readonly services: readonly Service[];
  /** Kinds that netproof has no use for, with how many of each were passed over. */
  readonly passedOver: Readonly<Record<string, number>>;
  readonly warnings: readonly { readonly place: Place; readonly message: string }[];
}

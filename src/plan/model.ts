import type { ConnectionExpectation, Decision, PortsByProtocol } from "../expectation/index.ts";
import type { ContainerPort, Direction, Labels, Protocol, Service } from "../snapshot/index.ts";

/** An end of a connection that has an agent of its own: `namespace/pod`, or the name of the host outside the cluster. */
export type PartyName = string;

export interface PlannedNamespace {
  readonly name: string;
  /** Without `kubernetes.io/metadata.name`, which the server sets. */
  readonly labels: Labels;
}

/** Why a pod is there. */
export type Role = "workload" | "selected" | "near-miss" | "bystander";

export interface PlannedPod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  readonly ports: readonly ContainerPort[];
  readonly role: Role;
  /** For people: the workload that it stands for, the selector that selects it, the requirement that it fails. */
  readonly why: string;
}

/** A workload of the files, and the name of the pod that stands for it. */
export interface StagedWorkload {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  readonly pod: string;
  /** Why that pod is not on the stage. */
  readonly absent?: string;
  readonly hostNetwork: boolean;
}

/** A policy, `namespace/name`, that no pod of the stage can show. */
export interface UnplacedPolicy {
  readonly policy: string;
  readonly reason: string;
}

/** One connection to be tried. `id` is made of stable names only; addresses are those of this run. */
export interface Probe {
  readonly id: string;
  readonly source: PartyName;
  /** The source's own address, from which every attempt leaves. */
  readonly sourceAddress: string;
  readonly destination: PartyName;
  readonly address: string;
  readonly protocol: Protocol;
  readonly port: number;
  /** The destination is not ours: it can show no more than an accepted connection. */
  readonly handshake?: true;
  /** The address is a Service's, behind which these listen: any of them may answer. */
  readonly through?: readonly Listener[];
}

/** A port on which a pod of the stage listens. */
export interface Listener {
  readonly destination: PartyName;
  readonly address: string;
  readonly protocol: Protocol;
  readonly port: number;
}

/** An address outside the cluster that is not ours, with the TCP port on which something accepts connections. */
export interface ExternalTarget {
  readonly address: string;
  readonly port: number;
}

/** A Service of the stage with the addresses that the cluster gave it. */
export interface StagedService extends Service {
  readonly addresses: readonly string[];
}

/** What cannot or will not be tried, known before anything is. */
export interface NotTested {
  readonly what: string;
  readonly reason: string;
}

/** Why a connection is tried: for the policies, as a control of the run itself, or as its canary. */
export type Purpose = "policies" | "control" | "canary";

export interface PlannedConnection {
  readonly probe: Probe;
  /** For people: `shop/web`, or the address of a host outside the cluster. */
  readonly from: string;
  readonly to: string;
  readonly purpose: Purpose;
  readonly expectation: ConnectionExpectation["kind"];
  /** Index into the plan's decisions. */
  readonly decision: number;
  /** Directions that deny it; empty unless the expectation is `deny`. */
  readonly deniedBy: readonly ("ingress" | "egress")[];
  /** Why it is left open, if it is. */
  readonly unspecifiedBecause?: string;
}

/** A policy of which nobody can say what it decides: of a kind that is not understood, or ours, changed by somebody else. */
export interface ForeignPolicy {
  /** `GlobalNetworkPolicy allow-dns`, `CiliumNetworkPolicy shop/web`. */
  readonly what: string;
  /** Namespaces of the stage whose pods it could apply to; undefined where it could be any. */
  readonly namespaces?: readonly string[];
  readonly isOurs?: true;
}

/** Exactly what the policies allow between two ends, of which at least one is isolated. */
export interface PlannedPair {
  readonly from: string;
  readonly to: string;
  readonly allowed: PortsByProtocol;
}

/** A pod of the stage with the directions for which policies isolate it. */
export interface PodIsolation {
  readonly name: string;
  readonly isolated: readonly Direction[];
  /** Of the rules that apply to it: `10.0.0.0/8 except 10.1.0.0/16`. */
  readonly ipBlocks: Readonly<Record<Direction, readonly string[]>>;
}

/** One line of the user's intent with the connections that it speaks of. */
export interface PlannedRequirement {
  /** The line in one line. */
  readonly text: string;
  readonly place: string;
  readonly must: "connect" | "not-connect";
  /** Ids of connections. */
  readonly connections: readonly string[];
  /** Where the policies say the opposite, on any port and at any address: known without a probe. */
  readonly againstPolicy: readonly string[];
  /** Why what was tried cannot show all of it. */
  readonly unproven: readonly string[];
}

/** What to try, with what to expect: from what the server stored. */
export interface ProofPlan {
  readonly connections: readonly PlannedConnection[];
  readonly decisions: readonly Decision[];
  readonly pairs: readonly PlannedPair[];
  readonly isolation: readonly PodIsolation[];
  readonly requirements: readonly PlannedRequirement[];
  /** Fault models, and the ids of the connections that would show each. */
  readonly adequacy: readonly { readonly fault: string; readonly witnesses: readonly string[] }[];
  readonly foreign: readonly ForeignPolicy[];
  readonly notTested: readonly NotTested[];
}

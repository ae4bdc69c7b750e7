import type { Decision, PortsByProtocol } from "../expectation/index.ts";
import type { Outcome as AttemptOutcome } from "../observation/index.ts";
import type { Gaps, Purpose, RealPods } from "../plan/index.ts";
import type { Direction, Labels, Protocol } from "../snapshot/index.ts";
import type { Diagnosis, Enforcement, JudgedRequirement, Outcome, PhaseName, Verdict } from "../verdict/index.ts";

/** The run record: everything that a report needs and that an auditor keeps. Fields are added, never changed. */
export interface RunRecord {
  readonly schemaVersion: 1;
  readonly run: {
    readonly id: string;
    readonly command: "prove";
    readonly startedAt: string;
    readonly finishedAt: string;
    readonly tool: { readonly version: string };
    readonly agent?: { readonly version: string };
    /** Milliseconds by step. */
    readonly timings: Readonly<Record<string, number>>;
  };
  readonly cluster: {
    readonly kind: "lab" | "kubernetes";
    readonly version: string;
    readonly nodes: readonly string[];
    readonly families: readonly ("IPv4" | "IPv6")[];
    /** The kubeconfig's context. */
    readonly context?: string;
    /** The network plugin, as its API groups give it away. */
    readonly plugin?: string;
    /** The faults that the lab was told to have. */
    readonly faults?: readonly string[];
  };
  /** The namespaces of the run, by their names in the files, and what they were called in the cluster. */
  readonly namespaces?: readonly { readonly name: string; readonly actual: string }[];
  readonly policies: readonly RecordedPolicy[];
  /** How many pods of the cluster, those of runs aside, the selectors match. Absent: not counted. */
  readonly realPods?: readonly RealPods[];
  readonly classes: readonly RecordedClass[];
  readonly decisions: readonly Decision[];
  /** What the policies allow between ends of which one is isolated: exact ports. */
  readonly pairs: readonly {
    readonly source: string;
    readonly destination: string;
    readonly allowed: PortsByProtocol;
  }[];
  readonly connections: readonly RecordedConnection[];
  /** Where the files hold workloads: those that no policy selects, and selectors that select none. */
  readonly gaps: Gaps;
  readonly notTested: readonly { readonly what: string; readonly reason: string }[];
  readonly warnings: readonly string[];
  readonly convergence?: {
    /** From the moment at which the API server had taken the policies until the first connection was blocked. */
    readonly firstEffectMs?: number;
    /** … until the last connection had become what it then stayed. */
    readonly stableMs?: number;
  };
  readonly canary: Readonly<Record<Direction, Enforcement>>;
  readonly requirements: readonly JudgedRequirement[];
  /** For each fault model: how many of the connections would have shown it. */
  readonly adequacy: readonly { readonly fault: string; readonly witnesses: number }[];
  readonly diagnosis?: Diagnosis;
  readonly outcome: Outcome;
}

export interface RecordedPolicy {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** SHA-256 of its spec as sent, keys sorted. */
  readonly digest: string;
  readonly file?: string;
  readonly line?: number;
  /** Lines of the rules, by direction and index. */
  readonly ruleLines?: Readonly<Record<Direction, readonly number[]>>;
}

/** Pods that the policies cannot tell apart, by the one that stands for them. */
export interface RecordedClass {
  readonly id: string;
  readonly namespace: string;
  readonly workloads: readonly string[];
  readonly labels: Labels;
  readonly pods: readonly string[];
  readonly role: string;
  readonly why: string;
  readonly isolated: readonly Direction[];
  /** The ipBlocks of the rules that apply to it; absent where there are none. */
  readonly ipBlocks?: Readonly<Record<Direction, readonly string[]>>;
}

export interface RecordedConnection {
  readonly id: string;
  readonly source: string;
  readonly destination: string;
  readonly protocol: Protocol;
  readonly port: number;
  readonly family: "IPv4" | "IPv6";
  readonly path: "same-node" | "cross-node" | "outside" | "service";
  readonly purpose: Purpose;
  readonly expectation: "allow" | "deny" | "unspecified";
  readonly deniedBy?: readonly Direction[];
  /** Index into `decisions`. */
  readonly decision: number;
  readonly phases: Readonly<Partial<Record<PhaseName, RecordedPhase>>>;
  readonly verdict: Verdict["kind"];
  readonly reason?: string;
}

export interface RecordedPhase {
  readonly observation: string;
  readonly attempts: readonly RecordedAttempt[];
  readonly firstAt: string;
  readonly lastAt: string;
}

export interface RecordedAttempt {
  readonly round: number;
  /** Milliseconds since the run began. */
  readonly at: number;
  readonly outcome: AttemptOutcome;
  readonly ms: number;
  readonly late?: true;
  readonly arrived?: true;
  readonly cause?: string;
  readonly answeredBy?: string;
  readonly seenAs?: string;
}

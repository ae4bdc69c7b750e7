import { EVERYTHING, type PortsByProtocol, unite } from "./ports-by-protocol.ts";

/** Both directions of a connection with their reasons: plain data. */
export interface Decision {
  readonly egress: DirectionDecision;
  readonly ingress: DirectionDecision;
}

export type DirectionDecision =
  /** That end is no pod, so no policy applies to it. */
  | { readonly kind: "outside" }
  /** No policy isolates the pod: everything is allowed. */
  | { readonly kind: "not-isolated" }
  /** Policies are sorted by namespace and name; rules, peers and ports stand as in the policy. */
  | { readonly kind: "isolated"; readonly by: readonly PolicyName[]; readonly allows: readonly Allow[] };

export interface PolicyName {
  readonly namespace: string;
  readonly name: string;
}

/** Where in a policy an allow stands. */
export interface Clause {
  readonly policy: PolicyName;
  readonly rule: number;
  /** `null` where the rule names no peers. */
  readonly peer: number | null;
  /** `null` where the rule names no ports. */
  readonly port: number | null;
  /** The peer is an ipBlock, and what it matches is a pod's address. */
  readonly viaPodAddress?: true;
}

/** One clause that matches the connection and the ports that it opens, at least one. */
export interface Allow extends Clause {
  readonly ports: PortsByProtocol;
}

export interface Granted {
  readonly all: PortsByProtocol;
  /** Without what rests on an ipBlock that matches a pod's address. */
  readonly withoutPodAddresses: PortsByProtocol;
}

/** The ports that one direction is granted. */
export function granted(decision: DirectionDecision): Granted {
  switch (decision.kind) {
    case "outside":
    case "not-isolated":
      return { all: EVERYTHING, withoutPodAddresses: EVERYTHING };
    case "isolated": {
      const sure = decision.allows.filter(({ viaPodAddress }) => viaPodAddress === undefined);
      const withoutPodAddresses = unitePortsOf(sure);
      const all = sure.length === decision.allows.length ? withoutPodAddresses : unitePortsOf(decision.allows);
      return { all, withoutPodAddresses };
    }
  }
}

function unitePortsOf(allows: readonly Allow[]): PortsByProtocol {
  return unite(allows.map(({ ports }) => ports));
}

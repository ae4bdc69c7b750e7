import {
  INT32,
  listOf,
  named,
  omitted,
  pointer,
  type Shape,
  STRING,
  STRING_MAP,
  struct,
  written,
} from "../admission/shapes.ts";

const LABEL_SELECTOR = struct("LabelSelector", {
  matchLabels: omitted(STRING_MAP),
  matchExpressions: omitted(
    listOf(
      struct("LabelSelectorRequirement", {
        key: written(STRING),
        operator: written(named("v1.LabelSelectorOperator")),
        values: omitted(listOf(STRING)),
      }),
    ),
  ),
});

const PORTS = listOf(
  struct("NetworkPolicyPort", {
    protocol: pointer(named("v1.Protocol")),
    port: pointer({ kind: "int-or-string" } satisfies Shape),
    endPort: pointer(INT32),
  }),
);

const PEERS = listOf(
  struct("NetworkPolicyPeer", {
    podSelector: pointer(LABEL_SELECTOR),
    namespaceSelector: pointer(LABEL_SELECTOR),
    ipBlock: pointer(struct("IPBlock", { cidr: written(STRING), except: omitted(listOf(STRING)) })),
  }),
);

/** `spec` of networking.k8s.io/v1 NetworkPolicy, field for field. */
export const NETWORK_POLICY_SPEC = struct("NetworkPolicySpec", {
  podSelector: written(LABEL_SELECTOR),
  ingress: omitted(listOf(struct("NetworkPolicyIngressRule", { ports: omitted(PORTS), from: omitted(PEERS) }))),
  egress: omitted(listOf(struct("NetworkPolicyEgressRule", { ports: omitted(PORTS), to: omitted(PEERS) }))),
  policyTypes: omitted(listOf(named("v1.PolicyType"))),
});

// What the decoder has made sure of, for the code that reads a decoded policy.

export interface DecodedSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly DecodedRequirement[];
}

export interface DecodedRequirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

export interface DecodedPort {
  readonly protocol?: string;
  readonly port?: number | string;
  readonly endPort?: number;
}

export interface DecodedIpBlock {
  readonly cidr: string;
  readonly except?: readonly string[];
}

export interface DecodedPeer {
  readonly podSelector?: DecodedSelector;
  readonly namespaceSelector?: DecodedSelector;
  readonly ipBlock?: DecodedIpBlock;
}

export interface DecodedPolicySpec {
  readonly podSelector: DecodedSelector;
  readonly ingress?: readonly { readonly ports?: readonly DecodedPort[]; readonly from?: readonly DecodedPeer[] }[];
  readonly egress?: readonly { readonly ports?: readonly DecodedPort[]; readonly to?: readonly DecodedPeer[] }[];
  readonly policyTypes?: readonly string[];
}

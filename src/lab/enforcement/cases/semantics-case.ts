/** One sentence about policies, and what it means for connections of the stage (stage/cluster.ts), written out by hand. */
export interface SemanticsCase {
  readonly name: string;
  readonly policies: readonly PolicyDraft[];
  /** Fields of stored pods that differ from the stage's, by `namespace/name`. */
  readonly pods?: Readonly<
    Record<string, { readonly metadata?: object; readonly spec?: object; readonly status?: object }>
  >;
  readonly open: readonly string[];
  readonly shut: readonly string[];
}

/** Names are made up where they do not matter. An absent namespace stays absent. */
export interface PolicyDraft {
  readonly namespace?: string;
  readonly spec?: unknown;
}

/** Two pods of one namespace, one node: the shortest way to see whether ingress is shut. */
export const DENY_INGRESS = { podSelector: {}, policyTypes: ["Ingress"] };
export const DENY_EGRESS = { podSelector: {}, policyTypes: ["Egress"] };
export const DENY_BOTH = { podSelector: {}, policyTypes: ["Ingress", "Egress"] };

import type { LabEnvironmentFault, LabFault, LabNetwork, Store } from "../contracts.ts";
import { keepProgrammed, type Programmed } from "../programming-loop.ts";
import { type NodeRulesInput, renderNodeRules } from "./node-rules.ts";
import type { Denial } from "./ruleset.ts";

export interface EnforcementOptions {
  readonly store: Pick<Store, "list" | "onChange">;
  readonly network: Pick<LabNetwork, "nodes" | "applyRules">;
  /** Of the environment's, `packet-loss` alone is a matter of rules. */
  readonly faults: readonly (LabFault | LabEnvironmentFault)[];
  readonly denial: Denial;
  /** Under the fault `slow-programming`: how long after a change the rules follow. 2000 if absent. */
  readonly programmingDelayMs?: number;
}

/** Keeps the rules of all nodes up with the store. */
export type Enforcement = Programmed;

type Cluster = Pick<NodeRulesInput, "pods" | "namespaces" | "policies">;

const KINDS = ["Pod", "Namespace", "NetworkPolicy"] as const;
const DEFAULT_PROGRAMMING_DELAY_MS = 2000;

export function startEnforcement(options: EnforcementOptions, signal: AbortSignal): Enforcement {
  const { store, network, faults, denial, programmingDelayMs = DEFAULT_PROGRAMMING_DELAY_MS } = options;
  const programming = {
    purpose: "enforce policies",
    nodes: network.nodes,
    delayMs: faults.includes("slow-programming") ? programmingDelayMs : 0,
    read: () => ({
      pods: store.list("Pod"),
      namespaces: store.list("Namespace"),
      policies: store.list("NetworkPolicy"),
    }),
    render: (node: string, cluster: Cluster) => renderNodeRules({ node, ...cluster, faults, denial }),
    apply: (node: string, script: string) => network.applyRules(node, script),
  };
  return keepProgrammed({ store, kinds: KINDS, ...programming }, signal);
}

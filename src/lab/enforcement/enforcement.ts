import type { LabEnvironmentFault, LabFault, LabNetwork, Store } from "../contracts.ts";
import { type Cluster, ProgrammingLoop } from "../programming-loop.ts";
import { renderNodeRules } from "./node-rules.ts";
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

export interface Enforcement extends AsyncDisposable {
  /**
   * Ends when the rules follow from all that the store held at the call. Rejects if rules could not be applied, now
   * and ever after, and once the enforcement has been stopped.
   */
  settled(): Promise<void>;
  /**
   * Ends with the reason once rules could not be applied; never otherwise. Old rules that nobody knows of would make
   * every observation worthless.
   */
  readonly failure: Promise<Error>;
}

const KINDS = ["Pod", "Namespace", "NetworkPolicy"] as const;
const DEFAULT_PROGRAMMING_DELAY_MS = 2000;

/**
 * Keeps the rules of all nodes up with the store until `signal` aborts or it is disposed of; the last rules then stay.
 * If rules cannot be applied it stops, `settled()` rejects, and `failure` says why.
 */
export function startEnforcement(options: EnforcementOptions, signal: AbortSignal): Enforcement {
  const { store, network, faults, denial, programmingDelayMs = DEFAULT_PROGRAMMING_DELAY_MS } = options;
  const loop = new ProgrammingLoop({
    nodes: network.nodes,
    delayMs: faults.includes("slow-programming") ? programmingDelayMs : 0,
    read: () => ({
      pods: store.list("Pod"),
      namespaces: store.list("Namespace"),
      policies: store.list("NetworkPolicy"),
    }),
    render: (node: string, cluster: Cluster) => renderNodeRules({ node, ...cluster, faults, denial }),
    apply: (node, script) => network.applyRules(node, script),
  });
  const watches = KINDS.map((kind) => store.onChange(kind, () => loop.noteChange()));
  const stop = (reason: unknown) => {
    signal.removeEventListener("abort", abort);
    for (const unwatch of watches) unwatch();
    return loop.stop(reason);
  };
  const abort = () => void stop(signal.reason);
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  return {
    settled: () => loop.settled(),
    failure: loop.failure,
    [Symbol.asyncDispose]: () => stop(new Error("The lab's enforcement has been stopped")),
  };
}

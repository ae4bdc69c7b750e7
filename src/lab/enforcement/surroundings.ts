import type { LabFault } from "../contracts.ts";
import type { PolicyPod } from "./pods.ts";
import type { SetPool } from "./ruleset.ts";

/** What the rules of a policy are read against. */
export interface Surroundings {
  /** Of all nodes. */
  readonly pods: readonly PolicyPod[];
  readonly sets: SetPool;
  readonly faults: ReadonlySet<LabFault>;
}

// The enforcement of NetworkPolicies in the lab, by nftables.
// In: the stored objects as raw JSON, a node, the faults to show. Out: the rules of that node, kept up with the store.
// This is a reading of the Kubernetes API of its own, so that it and the expectations check each other.
// Not here: validation (the lab's API refuses what cannot be enforced), Services, and any packet (network/).
export { type Enforcement, type EnforcementOptions, startEnforcement } from "./enforcement.ts";
export type { Denial } from "./ruleset.ts";

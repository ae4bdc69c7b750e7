// In: a kubeconfig, and what is to be made. Out: calls to the API as raw JSON, the stage of a run with its namespaces, pods
// and sessions, and everything removed again.
// Not here: which pods and why (plan/), what is sent over a session (observation/), and the lab, which is any cluster.
export { type Access, preloadAccess, readAccess } from "./access.ts";
export { findLeftovers, findLeftoversWithin, type Leftover, removeLeftover } from "./cleanup.ts";
export { ApiClient, type Json } from "./client.ts";
export { ageWarning, type ClusterFacts, readClusterFacts } from "./cluster-facts.ts";
export { type ForeignPolicies, type PolicyKind, readPolicyKinds } from "./foreign-policies.ts";
export { imageHint } from "./image-hint.ts";
export type { KubeconfigSource } from "./kubeconfig.ts";
export { readLiveManifests } from "./live-manifests.ts";
export { readRealPods } from "./real-pods.ts";
export { Stage, type StageOptions } from "./stage.ts";

// In: a kubeconfig, and what is to be made. Out: calls to the API as raw JSON, the stage of a run with its namespaces, pods
// and sessions, and everything removed again.
// Not here: which pods and why (plan/), what is sent over a session (observation/), and the lab, which is any cluster.
export { type Access, type KubeconfigSource, preloadAccess, readAccess } from "./access.ts";
export { ApiClient, type Json } from "./client.ts";
export { Stage, type StageOptions } from "./stage.ts";

// In: a wish for a cluster: how many nodes, which faults. Out: a kubeconfig for a Kubernetes API on loopback whose pods are
// network namespaces of this machine, with policies enforced by the lab's own reading of them.
// Not here: anything that knows what netproof wants of it; it is used as any cluster is, over HTTPS.
export { isLabKubeconfig } from "./api/index.ts";
export { endProcess, identify, isAlive, type Started, startDetached } from "./background/index.ts";
export { LAB_ENVIRONMENT_FAULTS, LAB_FAULTS, type LabEnvironmentFault, type LabFault } from "./contracts.ts";
export type { Denial } from "./enforcement/index.ts";
export { MAX_NODES } from "./network/index.ts";
export { type LabSpec, type StartedLab, startLab } from "./start-lab.ts";

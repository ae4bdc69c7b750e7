// The lab's Kubernetes API on loopback.
// In: the store that the rest of the lab works on, and callbacks that start processes and read logs in pods.
// Out: a URL and a kubeconfig; clients see what a genuine API server would show them.
// Not here: running pods, enforcing policies, writing the kubeconfig to a file.
export { LAB_VERSION } from "./discovery.ts";
export { isLabKubeconfig } from "./kubeconfig.ts";
export type { LogOptions, OpenLog, StartProcess } from "./request.ts";
export { type ApiServer, type ApiServerOptions, startApiServer } from "./server.ts";

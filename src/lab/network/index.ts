// The lab's network: nodes, pods and outside hosts as network namespaces joined by routed veth pairs.
// In: how many nodes, where the agent's binary lies, which pods to wire. Out: processes inside pods and on nodes.
// Nothing of the host changes, and all of it dies with this process, however it dies.
// Not here: which pods there are (kubelet.ts), and what may reach what (enforcement/).
export {
  MAX_NODES,
  nodeAddresses,
  PODS_PER_NODE,
  podAddress,
  podCidrs,
  SERVICE_ADDRESSES,
  serviceAddress,
} from "./addressing.ts";
export { processThatCannotStart } from "./lab-process.ts";
export { openNetwork } from "./network.ts";

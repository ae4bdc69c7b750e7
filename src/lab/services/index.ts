// Services in the lab: the endpoints of each, and a proxy on every node that translates their addresses, by nftables.
// In: the stored Services and pods. Out: EndpointSlices in the store, and rules on the nodes that follow from them.
// Not here: the addresses that Services have and what of them is valid (api/services/), names (the lab has no DNS), and
// policies (enforcement/), which see a packet only when it carries a pod's address and port.
export { type ServicesOptions, startServices } from "./services.ts";

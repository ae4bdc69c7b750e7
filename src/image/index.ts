// In: the probe agent's binaries. Out: container images as OCI archives, made without a container engine, the same bytes
// for the same input.
// Not here: building the agent (scripts/), loading images into a cluster (a container runtime's own tools).
export { type AgentBinaries, probeImage, probeImageName } from "./probe-image.ts";

// In: manifests, and later the stage as the server made it with what it stored. Out: the pods and addresses that tell the
// policies' selectors apart, then the connections to try with what to expect of each, and what cannot be tested.
// Not here: making pods (kubernetes/), trying connections (observation/), and what policies mean (expectation/).
export { type Canary, planCanary } from "./canary.ts";
export { planConnections } from "./connections.ts";
export { findGaps, type Gaps } from "./gaps.ts";
export type {
  ExternalTarget,
  ForeignPolicy,
  Listener,
  NotTested,
  PartyName,
  PlannedConnection,
  PlannedRequirement,
  Probe,
  ProofPlan,
  Purpose,
  StagedService,
  UnplacedPolicy,
} from "./model.ts";
export { NAME_LABEL } from "./names.ts";
export type { Placement } from "./placement.ts";
export { countRealPods, type RealCluster, type RealPods } from "./real-pods.ts";
export {
  plannedNamespace,
  plannedPod,
  plannedPolicy,
  type RunNames,
  renamedPolicy,
  runNames,
} from "./run-names.ts";
export { planStage, type StagePlan, type StagePod } from "./stage-plan.ts";
export { planTopology, speaksOfIpv6, type Topology, type TopologyOptions } from "./topology.ts";

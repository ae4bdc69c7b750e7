// In: text of manifests, or JSON objects of the Kubernetes API. Out: the state of a cluster as readonly data, validated
// as the API server validates and normalised once, or a UserError with file, line and column.
// Not here: reading files or the API, and what the policies mean for a connection (expectation/).

export { mergeManifests } from "./merge-manifests.ts";
export {
  type ClusterState,
  type ContainerPort,
  type Direction,
  type IpBlockPeer,
  type Labels,
  type Manifests,
  type Namespace,
  type NetworkPolicy,
  type Peer,
  type Place,
  type Pod,
  type PodsPeer,
  type PolicyManifest,
  type PortItem,
  PROTOCOLS,
  type Protocol,
  type Requirement,
  type Rule,
  type Rules,
  type Selector,
  type Service,
  type ServicePort,
  type Workload,
} from "./model.ts";
export { hintWord } from "./nearest-word.ts";
export { type Intent, type IntentEnd, type IntentLine, type IntentPort, parseIntent } from "./parse-intent.ts";
export { parseManifests } from "./parse-manifests.ts";
export { type ManifestProblem, manifestError, showPlace } from "./problems.ts";
export type { TextFile } from "./read-documents.ts";
export { parseNamespace, parsePod } from "./stored-objects.ts";
export { parsePolicy, parseSelector } from "./stored-policy.ts";

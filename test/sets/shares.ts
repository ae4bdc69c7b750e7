import { createExpectation, type Endpoint, isNothing } from "../../src/expectation/index.ts";
import { planTopology } from "../../src/plan/index.ts";
import { type ClusterState, type Pod, parseManifests } from "../../src/snapshot/index.ts";

/** How many of the pairs of pods that a proof would place are wholly denied, and how many are open on some port. */
export function pairShares(text: string): { denied: number; allowed: number } {
  const manifests = parseManifests([{ name: "set", text }], { defaultNamespace: "default" });
  const topology = planTopology(
    manifests,
    { lines: [] },
    { maxPods: 60, clusterCidrs: [], families: [4], externals: [] },
  );
  const pods = topology.pods.map(
    (pod, index): Pod => ({ ...pod, uid: String(index), addresses: [`10.244.1.${index + 2}`], hostNetwork: false }),
  );
  const namespaces = topology.namespaces.map(({ name, labels }) => ({
    name,
    labels: { ...labels, "kubernetes.io/metadata.name": name },
  }));
  const state: ClusterState = { namespaces, pods, policies: manifests.policies.map(({ policy }) => policy) };
  const { pair } = createExpectation(state);
  const ends = pods.map((pod): Endpoint => ({ kind: "pod", pod, address: pod.addresses[0] ?? "" }));
  const pairs = ends.flatMap((source) => ends.filter((end) => end !== source).map((end) => pair(source, end)));
  const allowed = pairs.filter((answer) => !isNothing(answer.allowed)).length;
  const denied = pairs.filter((answer) => isNothing(answer.allowed) && isNothing(answer.unspecified)).length;
  return { denied: denied / pairs.length, allowed: allowed / pairs.length };
}

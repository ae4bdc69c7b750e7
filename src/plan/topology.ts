import { selects } from "../expectation/index.ts";
import type { Intent, Manifests, NetworkPolicy } from "../snapshot/index.ts";
import { Draft } from "./draft.ts";
import { familyOf } from "./ends.ts";
import { checkIntent, intentCidrs, intentPorts } from "./intent-needs.ts";
import { selectedLabels } from "./label-choice.ts";
import type {
  ExternalTarget,
  NotTested,
  PlannedNamespace,
  PlannedPod,
  StagedWorkload,
  UnplacedPolicy,
} from "./model.ts";
import { type OutsideOptions, planOutside } from "./outside.ts";
import { ipBlocks, podsPeers } from "./peers.ts";
import { type PortPlan, planPorts } from "./ports.ts";

/** Pods that the selectors of the policies tell apart, near misses, and those that no policy mentions. */
export interface Topology {
  readonly namespaces: readonly PlannedNamespace[];
  readonly pods: readonly PlannedPod[];
  readonly workloads: readonly StagedWorkload[];
  /** Policies of which no pod of the stage is selected. */
  readonly unplaced: readonly UnplacedPolicy[];
  /** Addresses outside the cluster that the ipBlocks tell apart. */
  readonly outside: readonly string[];
  /** Those that are not ours. */
  readonly externals: readonly ExternalTarget[];
  readonly ports: PortPlan;
  /** Namespaces in which the policies stand. */
  readonly policyNamespaces: readonly string[];
  readonly notTested: readonly NotTested[];
}

export interface TopologyOptions extends OutsideOptions {
  readonly maxPods: number;
}

/** Chooses the pods and namespaces of a proof from the files alone. Throws a UserError where the intent names what is not there. */
export function planTopology(manifests: Manifests, intent: Intent, options: TopologyOptions): Topology {
  const ports = planPorts(manifests, intentPorts(intent));
  const draft = new Draft(manifests, { ports, intent, maxPods: options.maxPods });
  const policies = manifests.policies.map(({ policy }) => policy).sort(byName);
  for (const policy of policies) draft.addSelected(policy.namespace, policy.podSelector, "subject");
  const peers = policies.flatMap((policy) => podsPeers(policy).map((peer) => ({ policy, peer })));
  draft.addBystanders(policies.map(({ namespace }) => namespace));
  for (const { policy, peer } of peers) draft.addPeer(policy.namespace, peer);
  for (const policy of policies) draft.addNearMisses(policy.namespace, policy.podSelector);
  for (const { policy, peer } of peers) draft.addPeerNearMisses(policy.namespace, peer);
  const namespaces = draft.namespaces.all();
  checkIntent(intent, { pods: draft.pods, workloads: draft.workloads, namespaces });
  const outside = planOutside(policies, { ...options, required: intentCidrs(intent) });
  return {
    namespaces,
    pods: draft.pods,
    workloads: draft.workloads,
    unplaced: unplacedPolicies(policies, draft.pods),
    outside: outside.addresses,
    externals: options.externals,
    ports,
    policyNamespaces: [...new Set(policies.map(({ namespace }) => namespace))],
    notTested: distinct([...draft.notTested(), ...outside.notTested]),
  };
}

/** Whether IPv6 plays a part in what the files ask for. */
export function speaksOfIpv6({ policies }: Pick<Manifests, "policies">, intent: Intent): boolean {
  const blocks = policies.flatMap(({ policy }) => [...ipBlocks(policy, "ingress"), ...ipBlocks(policy, "egress")]);
  return [...blocks.map(({ cidr }) => cidr), ...intentCidrs(intent)].some((cidr) => familyOf(cidr) === 6);
}

function unplacedPolicies(policies: readonly NetworkPolicy[], pods: readonly PlannedPod[]): readonly UnplacedPolicy[] {
  const without = policies.filter(
    ({ namespace, podSelector }) =>
      !pods.some((pod) => pod.namespace === namespace && selects(podSelector, pod.labels)),
  );
  return without.map(({ namespace, name, podSelector }) => ({
    policy: `${namespace}/${name}`,
    reason:
      selectedLabels(podSelector, 1).length === 0
        ? "its podSelector selects nothing, since its requirements contradict each other"
        : "no pod that it selects could be placed (--max-pods)",
  }));
}

function distinct(all: readonly NotTested[]): readonly NotTested[] {
  return [...new Map(all.map((one) => [`${one.what}: ${one.reason}`, one])).values()];
}

function byName(a: NetworkPolicy, b: NetworkPolicy): number {
  return `${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1;
}

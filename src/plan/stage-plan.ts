import { UserError } from "../errors/index.ts";
import type { ContainerPort, Labels } from "../snapshot/index.ts";
import type { Canary } from "./canary.ts";
import type { NotTested, PartyName, PlannedNamespace, PlannedPod, StagedWorkload } from "./model.ts";
import type { Topology } from "./topology.ts";

/** A pod with an agent in it. */
export interface StagePod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  readonly ports: readonly ContainerPort[];
  readonly listen: { readonly TCP: readonly number[]; readonly UDP: readonly number[] };
  readonly healthPort: number;
  /** The lab only: this pod is a host outside the cluster with these addresses. */
  readonly outsideAddresses?: readonly string[];
}

/**
 * Where the run stands: in a cluster of its own, in namespaces of its own, or within one namespace of somebody else's,
 * for those who may not make namespaces.
 */
export type Placement =
  | { readonly kind: "own-cluster" }
  | { readonly kind: "throwaway" }
  | { readonly kind: "within"; readonly namespace: string };

/** Everything that a proof needs in the cluster. */
export interface StagePlan {
  readonly placement: Placement;
  readonly namespaces: readonly PlannedNamespace[];
  readonly pods: readonly StagePod[];
  /** The canary's policies, where the canary has a place. */
  readonly canaryPolicies: Canary["policies"];
  /** The host outside, where there are addresses to try. */
  readonly outside?: { readonly party: PartyName; readonly addresses: readonly string[] };
  /** What the intent may name: with why it is not on the stage, where it is not. */
  readonly workloads: readonly StagedWorkload[];
  /** Ports that are listened on anywhere: none of them can be a source port. */
  readonly listeners: readonly number[];
  readonly notTested: readonly NotTested[];
}

const OUTSIDE = "outside";

/** Every pod listens on every port of interest, so that a silence is never for want of a listener. */
export function planStage(topology: Topology, canary: Canary, placement: Placement): StagePlan {
  const { probed, health } = topology.ports;
  const numbers = [...new Set([...probed.map(({ port }) => port), canary.port])];
  const common = { listen: { TCP: numbers, UDP: numbers }, healthPort: health };
  const stagePod = ({ namespace, name, labels, ports }: PlannedPod): StagePod => ({
    ...common,
    namespace,
    name,
    labels,
    ports,
  });
  const basis = { placement, workloads: topology.workloads, listeners: [...numbers, health] };
  if (placement.kind === "within") return { ...basis, ...onlyOneNamespace(topology, stagePod) };
  const stage = {
    ...basis,
    namespaces: [...topology.namespaces, { name: canary.namespace, labels: {} }],
    pods: [...topology.pods, ...canary.pods].map(stagePod),
    canaryPolicies: canary.policies,
    notTested: [],
  };
  const addresses = topology.outside;
  if (addresses.length === 0) return stage;
  const at = { namespace: canary.namespace, name: OUTSIDE };
  return {
    ...stage,
    pods: [...stage.pods, { ...common, ...at, labels: {}, ports: [], outsideAddresses: addresses }],
    outside: { party: `${at.namespace}/${at.name}`, addresses },
  };
}

/** What is left of a stage where only one namespace may be used: that of the policies. */
function onlyOneNamespace(
  { pods, namespaces, policyNamespaces, workloads }: Topology,
  stagePod: (pod: PlannedPod) => StagePod,
): Pick<StagePlan, "namespaces" | "pods" | "canaryPolicies" | "workloads" | "notTested"> {
  const [own, ...others] = policyNamespaces;
  if (own === undefined || others.length > 0) {
    throw new UserError(
      "MANY_NAMESPACES",
      `--run-namespace takes policies of one namespace: these are of ${policyNamespaces.join(", ")}`,
      {
        hint: "Prove them one namespace at a time, or without --run-namespace, or in the lab (--lab)",
        kind: "usage",
      },
    );
  }
  const left = namespaces.filter(({ name }) => name !== own).map(({ name }) => name);
  const reason = "only one namespace may be used (--run-namespace)";
  const elsewhere = pods.filter(({ namespace, role }) => namespace !== own && role !== "workload");
  return {
    workloads: [
      ...workloads.map((workload) => (workload.namespace === own ? workload : { ...workload, absent: reason })),
      ...elsewhere.map((pod) => ({ ...pod, pod: pod.name, hostNetwork: false, absent: reason })),
    ],
    namespaces: namespaces.filter(({ name }) => name === own),
    pods: pods.filter(({ namespace }) => namespace === own).map(stagePod),
    canaryPolicies: [],
    notTested: [
      { what: `pods of other namespaces: ${left.join(", ")}`, reason },
      { what: "whether the cluster enforces policies at all (the canary)", reason },
    ],
  };
}

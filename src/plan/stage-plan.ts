import { UserError } from "../errors/index.ts";
import {
  type ContainerPort,
  type Labels,
  type Manifests,
  type PolicyManifest,
  type Protocol,
  parsePolicy,
  type Service,
} from "../snapshot/index.ts";
import type { Canary } from "./canary.ts";
import type { ExternalTarget, NotTested, PartyName, PlannedNamespace, PlannedPod, StagedWorkload } from "./model.ts";
import type { Placement } from "./placement.ts";
import type { Topology } from "./topology.ts";

/** A pod with an agent in it. */
export interface StagePod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  readonly ports: readonly ContainerPort[];
  readonly listen: Readonly<Record<Protocol, readonly number[]>>;
  readonly healthPort: number;
  /** The lab only: this pod is a host outside the cluster with these addresses. */
  readonly outsideAddresses?: readonly string[];
}

/** Which pods of somebody else's namespace are a run's, for its policies: they select no others. */
const RUN_LABEL = "netproof.dev/run";

/** Everything that a proof needs in the cluster. */
export interface StagePlan {
  readonly placement: Placement;
  readonly namespaces: readonly PlannedNamespace[];
  readonly pods: readonly StagePod[];
  /** Those of the files, as they are applied. */
  readonly policies: readonly Pick<PolicyManifest, "policy" | "object" | "place">[];
  /** The host outside, where there are addresses to try. */
  readonly outside?: { readonly party: PartyName; readonly addresses: readonly string[] };
  /** Those of the files that can have an address. */
  readonly services: readonly Service[];
  /** Addresses outside that are not ours. */
  readonly externals: readonly ExternalTarget[];
  /** What the intent may name: with why it is not on the stage, where it is not. */
  readonly workloads: readonly StagedWorkload[];
  /** Ports that are listened on anywhere: none of them can be a source port. */
  readonly listeners: readonly number[];
  readonly notTested: readonly NotTested[];
}

const OUTSIDE = "outside";

/** Every pod listens on every port of interest, so that a silence is never for want of a listener. */
export function planStage(
  { policies, services }: Pick<Manifests, "policies" | "services">,
  topology: Topology,
  canary: Canary,
  placement: Placement,
): StagePlan {
  const { probed, health, protocols } = topology.ports;
  const numbers = [...new Set([...probed.map(({ port }) => port), canary.port])];
  const listen = { TCP: numbers, UDP: numbers, SCTP: protocols.includes("SCTP") ? numbers : [] };
  const common = { listen, healthPort: health };
  const stagePod = ({ namespace, name, labels, ports }: PlannedPod): StagePod => ({
    ...common,
    namespace,
    name,
    labels,
    ports,
  });
  const { externals } = topology;
  const basis = {
    placement,
    policies,
    externals,
    services: [],
    workloads: topology.workloads,
    listeners: [...numbers, health],
  };
  if (placement.kind === "within") {
    const { pods, ...rest } = onlyOneNamespace(topology, placement.namespace);
    const mark = { [RUN_LABEL]: placement.runId };
    const marked = pods.map((pod) => ({ ...pod, labels: { ...pod.labels, ...mark } }));
    return {
      ...basis,
      ...rest,
      policies: policies.map((policy) => selecting(policy, mark)),
      pods: [...marked, ...canary.pods].map(stagePod),
      notTested: [...rest.notTested, ...services.map(notWithin)],
    };
  }
  const stage = {
    ...basis,
    namespaces: [...topology.namespaces, { name: canary.namespace, labels: {} }],
    pods: [...topology.pods, ...canary.pods].map(stagePod),
    services: services.filter(hasPodsBehind),
    notTested: services.filter((service) => !hasPodsBehind(service)).map(notTried),
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

function hasPodsBehind({ selector, isHeadless }: Service): boolean {
  return !isHeadless && Object.keys(selector).length > 0;
}

function notTried({ namespace, name, isHeadless }: Service): NotTested {
  const reason = isHeadless
    ? "it has no address of its own: its pods are tried at theirs"
    : "without a selector it leads to no pod of the stage";
  return { what: `service ${namespace}/${name}`, reason };
}

function notWithin({ namespace, name }: Service): NotTested {
  return { what: `service ${namespace}/${name}`, reason: "Services have a place only in namespaces of the run" };
}

/** The policy for pods of the run alone. Whom its rules let in needs no mark: that is a matter of the pods it selects. */
function selecting({ object, place }: PolicyManifest, mark: Labels): StagePlan["policies"][number] {
  const spec = object.spec as { readonly podSelector?: { readonly matchLabels?: Labels } } | undefined;
  const podSelector = { ...spec?.podSelector, matchLabels: { ...spec?.podSelector?.matchLabels, ...mark } };
  const marked = { ...object, spec: { ...spec, podSelector } };
  return { policy: parsePolicy(marked), object: marked, place };
}

/** What is left of a topology where only one namespace may be used: that of the policies. */
function onlyOneNamespace(
  { pods, namespaces, policyNamespaces, workloads }: Topology,
  target: string,
): Pick<StagePlan, "namespaces" | "workloads" | "notTested"> & Pick<Topology, "pods"> {
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
  if (own !== target && namespaces.some(({ name }) => name === target)) {
    throw new UserError(
      "NAMESPACE_NAMED",
      `The files speak of namespace "${target}", in which the policies of "${own}" shall be proven: one name would stand for both`,
      { hint: "Name another namespace with --run-namespace", kind: "usage" },
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
    pods: pods.filter(({ namespace }) => namespace === own),
    notTested: [{ what: `pods of other namespaces: ${left.join(", ")}`, reason }],
  };
}

import type { ContainerPort, Labels } from "../snapshot/index.ts";
import type { Canary } from "./canary.ts";
import type { PartyName } from "./model.ts";
import type { PlannedNamespace, Topology } from "./topology.ts";

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

/** Everything that a proof needs in the cluster, policies aside. */
export interface StagePlan {
  readonly namespaces: readonly PlannedNamespace[];
  readonly pods: readonly StagePod[];
  /** The host outside, where there are addresses to try. */
  readonly outside?: { readonly party: PartyName; readonly addresses: readonly string[] };
  /** Ports that are listened on anywhere: none of them can be a source port. */
  readonly listeners: readonly number[];
}

const OUTSIDE = "outside";

/** Every pod listens on every port of interest, so that a silence is never for want of a listener. */
export function planStage(topology: Topology, canary: Canary): StagePlan {
  const { probed, health } = topology.ports;
  const numbers = [...new Set([...probed.map(({ port }) => port), canary.port])];
  const common = { listen: { TCP: numbers, UDP: numbers }, healthPort: health };
  const stage = {
    namespaces: [...topology.namespaces, { name: canary.namespace, labels: {} }],
    pods: [...topology.pods, ...canary.pods].map(
      ({ namespace, name, labels, ports }): StagePod => ({ ...common, namespace, name, labels, ports }),
    ),
    listeners: [...numbers, health],
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

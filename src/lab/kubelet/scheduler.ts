import type { KubeObject } from "../contracts.ts";
import { type Fields, fieldsOf, listOf, type PodSpec } from "./pod-spec.ts";

/** Where pods go that stand for hosts outside the cluster. */
export const OUTSIDE = "outside";

export interface Room {
  readonly node: string;
  /** How many more pods it could take. */
  readonly free: number;
}

export type Placement =
  | { readonly kind: "node"; readonly node: string }
  | { readonly kind: "outside" }
  | { readonly kind: "unschedulable"; readonly message: string };

/**
 * Chooses a node for a pod that has none: the nodes in turn, of those that its node selector allows.
 * @param turn how many pods were placed before
 */
export function place(
  pod: PodSpec,
  rooms: readonly Room[],
  options: { nodes: readonly KubeObject[]; turn: number },
): Placement {
  if (pod.outside.length > 0) return { kind: "outside" };
  const { nodes, turn } = options;
  const allowed = rooms.filter(({ node }) => isSelected(pod, node, nodes));
  const open = allowed.filter(({ free }) => free > 0);
  const chosen = open[turn % Math.max(1, open.length)];
  if (chosen !== undefined) return { kind: "node", node: chosen.node };
  const counts: readonly [number, string][] = [
    [allowed.length, "Too many pods"],
    [rooms.length - allowed.length, "node(s) didn't match Pod's node affinity/selector"],
  ];
  const reasons = counts.filter(([count]) => count > 0).map(([count, reason]) => `${count} ${reason}`);
  return { kind: "unschedulable", message: `0/${rooms.length} nodes are available: ${reasons.join(", ")}.` };
}

/** A node that the store does not know has its name for a label. */
function isSelected({ nodeSelector }: PodSpec, node: string, nodes: readonly KubeObject[]): boolean {
  const known = nodes.find(({ metadata }) => metadata.name === node)?.metadata.labels ?? {};
  const labels: Readonly<Record<string, string>> = { "kubernetes.io/hostname": node, ...known };
  return Object.entries(nodeSelector).every(([key, value]) => labels[key] === value);
}

/** The pod with its node, as the scheduler binds it. */
export function bound(pod: KubeObject, placement: Placement, now: string): object {
  const scheduled = { type: "PodScheduled", lastProbeTime: null, lastTransitionTime: now };
  switch (placement.kind) {
    case "unschedulable": {
      const { message } = placement;
      return {
        ...pod,
        status: withCondition(pod, { ...scheduled, status: "False", reason: "Unschedulable", message }),
      };
    }
    case "node":
      return bind(pod, { nodeName: placement.node }, scheduled);
    case "outside":
      // On no network that policies govern.
      return bind(pod, { nodeName: OUTSIDE, hostNetwork: true }, scheduled);
  }
}

function bind(pod: KubeObject, where: Fields, scheduled: Fields): object {
  return {
    ...pod,
    spec: { ...fieldsOf(pod.spec), ...where },
    status: withCondition(pod, { ...scheduled, status: "True" }),
  };
}

function withCondition({ status }: KubeObject, condition: Fields): Fields {
  const others = listOf(fieldsOf(status).conditions).filter((other) => fieldsOf(other).type !== condition.type);
  return { ...fieldsOf(status), conditions: [...others, condition] };
}

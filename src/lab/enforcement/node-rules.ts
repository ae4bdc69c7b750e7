import type { KubeObject, LabFault } from "../contracts.ts";
import { directionBlocks } from "./direction-blocks.ts";
import { readPods } from "./pods.ts";
import { DIRECTIONS, type Direction, type Policy, readPolicy } from "./policies.ts";
import { createSetPool, type Denial, tableScript } from "./ruleset.ts";
import type { Surroundings } from "./surroundings.ts";

export interface NodeRulesInput {
  readonly node: string;
  /** Of all nodes, as stored: those elsewhere are peers of this node's pods. */
  readonly pods: readonly KubeObject[];
  readonly namespaces: readonly KubeObject[];
  readonly policies: readonly KubeObject[];
  readonly faults: readonly LabFault[];
  readonly denial: Denial;
}

/**
 * The nft script that replaces this node's filter rules, whatever they were, in one transaction. It judges what enters
 * and leaves the node's own pods; the node itself always reaches them, as its packets are not forwarded.
 */
export function renderNodeRules({ node, denial, ...input }: NodeRulesInput): string {
  const pods = readPods(input.pods, input.namespaces);
  const surroundings: Surroundings = { pods, sets: createSetPool(), faults: new Set(input.faults) };
  const local = pods.filter((pod) => pod.node === node);
  const policies = input.policies.map(readPolicy).sort(byName);
  const directions = DIRECTIONS.map((direction) => {
    const subjects = isEnforced(direction, surroundings) ? local : [];
    return directionBlocks(direction, subjects, { policies, denial, surroundings });
  });
  return tableScript([...surroundings.sets.blocks, ...directions.flat()]);
}

function isEnforced(direction: Direction, { faults }: Surroundings): boolean {
  return !faults.has("nothing-enforced") && !faults.has(`${direction}-not-enforced`);
}

function byName(left: Policy, right: Policy): number {
  return compare(left.namespace, right.namespace) || compare(left.name, right.name);
}

function compare(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

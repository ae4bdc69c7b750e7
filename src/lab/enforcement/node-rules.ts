import type { KubeObject, LabFault } from "../contracts.ts";
import { directionBlocks } from "./direction-blocks.ts";
import { readPods } from "./pods.ts";
import { DIRECTIONS, type Direction, readPolicy } from "./policies.ts";
import { type Denial, tableScript } from "./ruleset.ts";
import { sortedByName } from "./sorted.ts";
import { type Surroundings, surround } from "./surroundings.ts";

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
  const surroundings = surround(readPods(input.pods, input.namespaces), input.faults);
  const local = surroundings.pods.filter((pod) => pod.node === node);
  const policies = sortedByName(input.policies).map(readPolicy);
  const directions = DIRECTIONS.map((direction) => {
    const subjects = isEnforced(direction, surroundings) ? local : [];
    return directionBlocks(direction, subjects, { policies, denial, surroundings });
  });
  return tableScript([...surroundings.sets.blocks, ...directions.flat()]);
}

function isEnforced(direction: Direction, { faults }: Surroundings): boolean {
  return !faults.has("nothing-enforced") && !faults.has(`${direction}-not-enforced`);
}

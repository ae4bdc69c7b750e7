import type { KubeObject, LabEnvironmentFault, LabFault } from "../contracts.ts";
import { chainBlock } from "../nft-text.ts";
import { sortedByName } from "../sorted.ts";
import { directionBlocks } from "./direction-blocks.ts";
import { readingUnder } from "./misreadings.ts";
import { readPods } from "./pods.ts";
import { DIRECTIONS } from "./policies.ts";
import { type Denial, tableScript } from "./ruleset.ts";
import { surround } from "./surroundings.ts";

export interface NodeRulesInput {
  readonly node: string;
  /** Of all nodes, as stored: those elsewhere are peers of this node's pods. */
  readonly pods: readonly KubeObject[];
  readonly namespaces: readonly KubeObject[];
  readonly policies: readonly KubeObject[];
  readonly faults: readonly (LabFault | LabEnvironmentFault)[];
  readonly denial: Denial;
}

/** One in a hundred packets of every pod, before any policy is asked and before what is established is let through. */
const LOSS = chainBlock("lose_packets", [
  "type filter hook forward priority filter - 1; policy accept;",
  "numgen random mod 100 0 drop",
]);

/**
 * The nft script that replaces this node's filter rules, whatever they were, in one transaction. It judges what enters
 * and leaves the node's own pods; the node itself always reaches them, as its packets are not forwarded.
 */
export function renderNodeRules({ node, denial, faults, ...input }: NodeRulesInput): string {
  const reading = readingUnder(faults);
  const surroundings = surround(readPods(input.pods, input.namespaces));
  const local = surroundings.pods.filter((pod) => pod.node === node);
  const policies = sortedByName(input.policies).map(reading.readPolicy);
  const directions = DIRECTIONS.map((direction) =>
    directionBlocks(direction, reading.subjects(local, direction), { policies, denial, surroundings }),
  );
  const loss = faults.includes("packet-loss") ? [LOSS] : [];
  return tableScript([...loss, ...surroundings.sets.blocks, ...directions.flat()]);
}

import type { Direction } from "../snapshot/index.ts";

/** Ways in which a network plugin misreads the API that can be computed as a variation of the expectation. */
export const SEMANTIC_FAULTS = ["nothing-enforced", "ingress-not-enforced", "egress-not-enforced"] as const;
export type SemanticFault = (typeof SEMANTIC_FAULTS)[number];

/** One member for each clause of the API that some fault reads differently. */
export interface Reading {
  /** Whether policies count at all in this direction. */
  readonly enforces: (direction: Direction) => boolean;
}

const FAITHFUL: Reading = { enforces: () => true };

const MISREADINGS = {
  "nothing-enforced": { ...FAITHFUL, enforces: () => false },
  "ingress-not-enforced": { ...FAITHFUL, enforces: (direction) => direction !== "ingress" },
  "egress-not-enforced": { ...FAITHFUL, enforces: (direction) => direction !== "egress" },
} satisfies Record<SemanticFault, Reading>;

export function readingUnder(fault: SemanticFault | undefined): Reading {
  return fault === undefined ? FAITHFUL : MISREADINGS[fault];
}

import type { Family } from "./addresses.ts";

/** What a packet must meet, in the words of nft. */
export interface Match {
  /** The address family that the text speaks of, if it speaks of one. */
  readonly family: Family | undefined;
  readonly text: string;
}

export const EVERYTHING: Match = { family: undefined, text: "" };

/** Each of the left with each of the right. A packet has one family, and nft refuses a rule that asks for both. */
export function crossProduct(left: readonly Match[], right: readonly Match[]): readonly Match[] {
  return left.flatMap((a) =>
    right
      .filter((b) => a.family === undefined || b.family === undefined || a.family === b.family)
      .map((b) => ({ family: a.family ?? b.family, text: [a.text, b.text].filter(Boolean).join(" ") })),
  );
}

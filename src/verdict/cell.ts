import type { Seen } from "./seen.ts";

/** `because` and `reason` are for people, in one line. */
export type Verdict =
  | { readonly kind: "conforms" }
  | { readonly kind: "leaks"; readonly because: string }
  | { readonly kind: "overblocks"; readonly because: string }
  | { readonly kind: "inconclusive"; readonly reason: string }
  | { readonly kind: "unspecified"; readonly reason: string };

export interface Cell {
  readonly expectation: "allow" | "deny";
  readonly seen: Seen;
  /** Whether the policies deny the pod that answered in place of the one that was asked. */
  readonly isDeniedToo: (answeredBy: string) => boolean;
}

/** The verdict table: for every expectation and everything that can be seen, one verdict. */
export function judgeCell({ expectation, seen, isDeniedToo }: Cell): Verdict {
  return expectation === "deny" ? judgeDeny(seen, isDeniedToo) : judgeAllow(seen);
}

function judgeDeny(seen: Seen, isDeniedToo: Cell["isDeniedToo"]): Verdict {
  switch (seen.kind) {
    case "connected":
      return { kind: "leaks", because: "it connects" };
    case "one-way":
      return { kind: "leaks", because: "the request gets in, though its answer does not come back" };
    case "misdelivered":
      return isDeniedToo(seen.by)
        ? { kind: "leaks", because: `it connects to ${seen.by}, which is denied too` }
        : inconclusive(`it reaches another pod: ${seen.by}`);
    case "handshake":
      return inconclusive(HANDSHAKE);
    case "blocked":
      return seen.missing === undefined ? { kind: "conforms" } : inconclusive(`silent, but ${seen.missing}`);
    case "failed":
      return inconclusive(seen.cause);
  }
}

function judgeAllow(seen: Seen): Verdict {
  switch (seen.kind) {
    case "connected":
      return seen.isStable ? { kind: "conforms" } : inconclusive("it connects in some rounds only");
    case "one-way":
      return { kind: "overblocks", because: "the request gets in, but its answer does not come back" };
    case "misdelivered":
      return inconclusive(`it reaches another pod: ${seen.by}`);
    case "handshake":
      return inconclusive(HANDSHAKE);
    case "blocked":
      return seen.missing === undefined
        ? { kind: "overblocks", because: `it is blocked (${seen.as})` }
        : inconclusive(`silent, and ${seen.missing}`);
    case "failed":
      return inconclusive(seen.cause);
  }
}

const HANDSHAKE = "something accepts the connection that is not our agent (a sidecar?)";

function inconclusive(reason: string): Verdict {
  return { kind: "inconclusive", reason };
}

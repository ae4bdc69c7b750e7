import type { ScalarValue } from "./yaml-scalar.ts";

/**
 * A value of a file that knows where it stands. Aliases are followed and merges done; a node may have several parents,
 * but never itself as a descendant. `offset` counts characters from the start of the file.
 */
export type Located = LocatedScalar | LocatedList | LocatedMap;

export interface LocatedScalar {
  readonly kind: "scalar";
  readonly offset: number;
  readonly value: ScalarValue;
  /** The text of a scalar without quotes, which other readers may take for another value. */
  readonly plain?: string;
}

interface LocatedList {
  readonly kind: "list";
  readonly offset: number;
  readonly items: readonly Located[];
}

export interface LocatedMap {
  readonly kind: "map";
  readonly offset: number;
  readonly entries: ReadonlyMap<string, LocatedEntry>;
}

export interface LocatedEntry {
  readonly key: LocatedScalar;
  readonly value: Located;
}

export function toJson(node: Located): unknown {
  switch (node.kind) {
    case "scalar":
      return node.value;
    case "list":
      return node.items.map(toJson);
    case "map":
      return Object.fromEntries([...node.entries].map(([name, { value }]) => [name, toJson(value)]));
  }
}

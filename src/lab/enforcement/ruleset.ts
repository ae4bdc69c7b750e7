// The text of one nft table, put together piece by piece. Names in it are generated, never taken from the cluster.

/** What happens to a packet that no policy allows. */
export type Denial = "drop" | "reject";

const TABLE = "inet netproof_policy";

/** Collects the sets of a table; equal sets become one. */
export interface SetPool {
  /** @returns how a rule refers to the set. Elements must not be empty: such a match is left out of the rules */
  reference(type: string, elements: readonly string[]): string;
  readonly blocks: readonly string[];
}

export function createSetPool(): SetPool {
  const names = new Map<string, string>();
  return {
    reference(type, elements) {
      const body = `type ${type}; ${elementsLine([...new Set(elements)])}`;
      const name = names.get(body) ?? `set_${names.size + 1}`;
      names.set(body, name);
      return `@${name}`;
    },
    get blocks() {
      return [...names].map(([body, name]) => `set ${name} { ${body} }`);
    },
  };
}

/** A map from a pod's address to the chain that judges its packets. */
export function verdictMap(name: string, type: string, chains: ReadonlyMap<string, string>): string {
  const elements = [...chains].map(([address, chain]) => `${address} : goto ${chain}`);
  return `map ${name} { type ${type} : verdict; ${elementsLine(elements)} }`;
}

/** One transaction that puts these blocks in the place of whatever the table held; it need not have existed. */
export function tableScript(blocks: readonly string[]): string {
  const body = blocks.map((block) => block.replaceAll(/^/gm, "  "));
  return [`add table ${TABLE}`, `delete table ${TABLE}`, `table ${TABLE} {`, ...body, "}", ""].join("\n");
}

function elementsLine(elements: readonly string[]): string {
  return `elements = { ${elements.join(", ")} }`;
}

// Pieces of nft scripts. Names in them are generated, never taken from the cluster.

export function chainBlock(name: string, lines: readonly string[]): string {
  return [`chain ${name} {`, ...lines.map((line) => `  ${line}`), "}"].join("\n");
}

/** A script's comment: what the cluster calls something, without any character that could end the comment. */
export function comment(text: string): string {
  return `# ${text.replaceAll(/[^\w./-]/g, "?")}`;
}

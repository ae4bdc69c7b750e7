import { type Document, isAlias, isMap, isScalar, isSeq, type Pair, Scalar, type YAMLMap } from "yaml";
import type { Located, LocatedEntry, LocatedMap, LocatedScalar } from "./located.ts";
import { readPlain } from "./yaml-scalar.ts";
import type { SyntaxFault } from "./yaml-stream.ts";

/** A node with its size and depth as if every alias were written out, by which a bomb is known. */
interface Sized<Node extends Located = Located> {
  readonly node: Node;
  readonly size: number;
  readonly depth: number;
}

/** How many nodes the aliases of a file have added so far. */
export interface Expansion {
  nodes: number;
}

interface Walk {
  readonly anchors: Map<string, Sized | "open">;
  readonly faults: SyntaxFault[];
  readonly expansion: Expansion;
}

const MAX_EXPANSION = 100_000;
const MAX_DEPTH = 128;
const STRING_TAGS: ReadonlySet<string> = new Set(["!", "tag:yaml.org,2002:str"]);
const COLLECTION_TAGS: ReadonlySet<string> = new Set(["!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"]);

/** Follows aliases, merges `<<`, and finds keys that stand twice. */
export function locate(document: Document, expansion: Expansion): { root: Located; faults: readonly SyntaxFault[] } {
  const walk: Walk = { anchors: new Map(), faults: [], expansion };
  const { node } = locateNode(document.contents, document.range?.[0] ?? 0, walk);
  return { root: node, faults: walk.faults };
}

function locateNode(node: unknown, parentOffset: number, walk: Walk): Sized {
  if (isAlias(node)) return followAlias(node.source, node.range?.[0] ?? parentOffset, walk);
  const anchor = isMap(node) || isSeq(node) || isScalar(node) ? node.anchor : undefined;
  if (anchor !== undefined) walk.anchors.set(anchor, "open");
  const sized = locateOwn(node, parentOffset, walk);
  if (anchor !== undefined) walk.anchors.set(anchor, sized);
  return sized;
}

function locateOwn(node: unknown, parentOffset: number, walk: Walk): Sized {
  if (isMap(node)) return locateMap(node, parentOffset, walk);
  if (isSeq(node)) {
    const offset = node.range?.[0] ?? parentOffset;
    checkTag(node.tag, COLLECTION_TAGS, offset, walk);
    const items = node.items.map((item) => locateNode(item, offset, walk));
    return enclose({ kind: "list", offset, items: items.map((item) => item.node) }, items);
  }
  if (isScalar(node)) return { node: locateScalar(node, parentOffset, walk), size: 1, depth: 1 };
  return { node: { kind: "scalar", offset: parentOffset, value: null, plain: "" }, size: 1, depth: 1 };
}

function locateScalar(node: Scalar, parentOffset: number, walk: Walk): LocatedScalar {
  const offset = node.range?.[0] ?? parentOffset;
  checkTag(node.tag, STRING_TAGS, offset, walk);
  const text = node.source ?? "";
  const isPlain = node.tag === undefined && (node.type === undefined || node.type === Scalar.PLAIN);
  return isPlain
    ? { kind: "scalar", offset, value: readPlain(text), plain: text }
    : { kind: "scalar", offset, value: text };
}

function locateMap(node: YAMLMap, parentOffset: number, walk: Walk): Sized<LocatedMap> {
  const offset = node.range?.[0] ?? parentOffset;
  checkTag(node.tag, COLLECTION_TAGS, offset, walk);
  const entries = new Map<string, LocatedEntry>();
  const parts: Sized[] = [];
  let merged: ReadonlyMap<string, LocatedEntry> | undefined;
  for (const pair of node.items) {
    const key = locateKey(pair, offset, walk);
    if (key === undefined) continue;
    const value = locateNode(pair.value, key.offset, walk);
    parts.push(value);
    if (key.plain === "<<" && merged === undefined) {
      merged = mergedEntries(value.node, { key, own: entries }, walk);
      continue;
    }
    const name = key.plain ?? String(key.value);
    if (entries.has(name) || key.plain === "<<")
      walk.faults.push({ offset: key.offset, reason: `duplicate key "${name}"` });
    entries.set(name, { key, value: value.node });
  }
  const all = merged === undefined ? entries : new Map([...merged, ...entries]);
  return enclose({ kind: "map", offset, entries: all }, parts);
}

function locateKey(pair: Pair, mapOffset: number, walk: Walk): LocatedScalar | undefined {
  const { node } = locateNode(pair.key, mapOffset, walk);
  if (node.kind === "scalar") return node;
  walk.faults.push({
    offset: node.offset,
    reason: "a key must be text",
    hint: "quote a value that begins with { or [",
  });
  return undefined;
}

/**
 * What a `<<` stands for; where several objects are merged, an earlier one wins. By the YAML specification a key of the map
 * itself wins over a merged one, but kubectl lets the later of the two win: a `<<` behind such a key is a fault.
 */
function mergedEntries(value: Located, at: { key: LocatedScalar; own: LocatedMap["entries"] }, walk: Walk) {
  const { offset } = at.key;
  const merged = new Map<string, LocatedEntry>();
  for (const source of (value.kind === "list" ? value.items : [value]).toReversed()) {
    if (source.kind === "map") for (const [name, entry] of source.entries) merged.set(name, entry);
    else if (source !== FAILED.node) walk.faults.push({ offset, reason: '"<<" must be given objects' });
  }
  const overwritten = [...at.own.keys()].find((name) => merged.has(name));
  if (overwritten !== undefined) {
    const reason = `"<<" stands behind the key "${overwritten}", which kubectl would let it overwrite`;
    walk.faults.push({ offset, reason, hint: 'put "<<" first' });
  }
  return merged;
}

/** What stands for an alias that was reported; its document is not used. */
const FAILED: Sized = { node: { kind: "scalar", offset: 0, value: null }, size: 1, depth: 1 };

function followAlias(name: string, offset: number, walk: Walk): Sized {
  const target = walk.anchors.get(name);
  if (target === undefined || target === "open") {
    const reason = target === "open" ? `the alias "*${name}" stands for what it is part of` : `no anchor "&${name}"`;
    walk.faults.push({ offset, reason });
    return FAILED;
  }
  const before = walk.expansion.nodes;
  walk.expansion.nodes += target.size;
  if (walk.expansion.nodes > MAX_EXPANSION) {
    const reason = `aliases grow to more than ${MAX_EXPANSION} values`;
    if (before <= MAX_EXPANSION) walk.faults.push({ offset, reason, hint: "write the values out, or split the file" });
    return FAILED;
  }
  if (target.depth > MAX_DEPTH) {
    walk.faults.push({ offset, reason: `aliases nest more than ${MAX_DEPTH} levels deep` });
    return FAILED;
  }
  return { ...target, node: { ...target.node, offset } };
}

function checkTag(tag: string | undefined, known: ReadonlySet<string>, offset: number, walk: Walk): void {
  if (tag === undefined || known.has(tag)) return;
  const shown = tag.replace("tag:yaml.org,2002:", "!!");
  walk.faults.push({ offset, reason: `the YAML tag "${shown}" has no meaning here`, hint: "leave the tag out" });
}

function enclose<Node extends Located>(node: Node, parts: readonly Sized[]): Sized<Node> {
  const size = parts.reduce((sum, part) => sum + part.size, 1);
  const depth = parts.reduce((deepest, part) => Math.max(deepest, part.depth), 0) + 1;
  return { node, size, depth };
}

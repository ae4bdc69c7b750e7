// Addresses as 32-bit words. The families are worlds apart: an IPv4 block matches no IPv6 address, the IPv4-mapped ones
// included, and the reverse. Odd spellings are settled when a policy is parsed (snapshot/), so none is read here.

type Family = 4 | 6;
type Words = readonly [number, number, number, number];

/** An IPv4 address fills the last word. */
export interface Address {
  readonly family: Family;
  readonly words: Words;
}

export interface Cidr extends Address {
  readonly masks: Words;
}

/** `undefined` for what is no address. Zones (`fe80::1%eth0`) are none. */
export function parseAddress(text: string): Address | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

/** Bits beyond the prefix are dropped. `undefined` for what is no CIDR. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf("/");
  const address = slash < 0 ? undefined : parseAddress(text.slice(0, slash));
  const prefix = parseDecimal(text.slice(slash + 1), address?.family === 4 ? 32 : 128);
  if (address === undefined || prefix === undefined) return undefined;
  const masks = masksOf(address.family, prefix);
  const [a, b, c, d] = address.words;
  return { family: address.family, words: [a & masks[0], b & masks[1], c & masks[2], d & masks[3]], masks };
}

export function contains(cidr: Cidr, { family, words }: Address): boolean {
  const { masks } = cidr;
  return (
    cidr.family === family &&
    ((cidr.words[3] ^ words[3]) & masks[3]) === 0 &&
    ((cidr.words[0] ^ words[0]) & masks[0]) === 0 &&
    ((cidr.words[1] ^ words[1]) & masks[1]) === 0 &&
    ((cidr.words[2] ^ words[2]) & masks[2]) === 0
  );
}

export function formatAddress({ family, words }: Address): string {
  if (family === 4) return [24, 16, 8, 0].map((shift) => (words[3] >>> shift) & 0xff).join(".");
  const groups = words.flatMap((word) => [word >>> 16, word & 0xffff]).map((group) => group.toString(16));
  return compressZeros(groups);
}

/** RFC 5952: the longest run of two or more zero groups, the first of several, becomes `::`. */
function compressZeros(groups: readonly string[]): string {
  let best = { start: 0, length: 1 };
  let length = 0;
  for (const [index, group] of groups.entries()) {
    length = group === "0" ? length + 1 : 0;
    if (length > best.length) best = { start: index - length + 1, length };
  }
  if (best.length < 2) return groups.join(":");
  return `${groups.slice(0, best.start).join(":")}::${groups.slice(best.start + best.length).join(":")}`;
}

function masksOf(family: Family, prefix: number): Words {
  if (family === 4) return [0, 0, 0, maskOf(prefix)];
  return [maskOf(prefix), maskOf(prefix - 32), maskOf(prefix - 64), maskOf(prefix - 96)];
}

function maskOf(bits: number): number {
  if (bits <= 0) return 0; // a shift by 32 would be a shift by none
  return bits >= 32 ? -1 : -1 << (32 - bits);
}

function parseIpv4(text: string): Address | undefined {
  const parts = text.split(".").map((part) => parseDecimal(part, 255));
  const [a, b, c, d] = parts;
  if (parts.length !== 4 || a === undefined || b === undefined || c === undefined || d === undefined) return undefined;
  return { family: 4, words: [0, 0, 0, (a << 24) | (b << 16) | (c << 8) | d] };
}

function parseIpv6(text: string): Address | undefined {
  const [before = "", after, ...more] = spellTailInHex(text).split("::");
  if (more.length > 0) return undefined;
  const head = parseGroups(before);
  const tail = parseGroups(after ?? "");
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  // "::" stands for one group at least.
  if (after === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => 0), ...tail];
  return { family: 6, words: [wordAt(groups, 0), wordAt(groups, 2), wordAt(groups, 4), wordAt(groups, 6)] };
}

/** `::ffff:10.0.0.1` is `::ffff:a00:1`. */
function spellTailInHex(text: string): string {
  const cut = text.lastIndexOf(":") + 1;
  const ipv4 = parseIpv4(text.slice(cut))?.words[3];
  return ipv4 === undefined
    ? text
    : `${text.slice(0, cut)}${(ipv4 >>> 16).toString(16)}:${(ipv4 & 0xffff).toString(16)}`;
}

function parseGroups(text: string): number[] | undefined {
  if (text === "") return [];
  const groups = text.split(":");
  return groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))
    ? groups.map((group) => Number.parseInt(group, 16))
    : undefined;
}

function wordAt(groups: readonly number[], index: number): number {
  return ((groups[index] ?? 0) << 16) | (groups[index + 1] ?? 0);
}

// Some programs read leading zeros as octal, so that there is no telling what they mean.
function parseDecimal(text: string, largest: number): number | undefined {
  if (!/^(0|[1-9]\d*)$/.test(text)) return undefined;
  const number = Number(text);
  return number <= largest ? number : undefined;
}

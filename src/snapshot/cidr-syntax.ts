/**
 * How the API server reads a CIDR. It parses sloppily (leading zeros count as decimal) and refuses, since 1.36, what other
 * programs may read differently; clusters that are older than that check may still hold such values.
 */
interface Cidr {
  readonly width: 32 | 128;
  /** The network's address, without the bits beyond the prefix. */
  readonly network: bigint;
  readonly prefix: number;
}

/** Undefined if no reading is possible. A network within ::ffff:0:0/96 is an IPv4 network, as in Go. */
export function readCidr(text: string): Cidr | undefined {
  const parts = split(text);
  if (parts === undefined) return undefined;
  const { address, prefix, width } = parts;
  if (width === 128 && address >> 32n === 0xffffn && prefix >= 96)
    return masked(32, address & 0xffff_ffffn, prefix - 96);
  return masked(width, address, prefix);
}

/** One spelling for one network; undefined if the text cannot be read. */
export function canonicalCidr(text: string): string | undefined {
  const cidr = readCidr(text);
  if (cidr === undefined) return undefined;
  const address = cidr.width === 32 ? formatIpv4(cidr.network) : formatIpv6(cidr.network);
  return `${address}/${cidr.prefix}`;
}

/** Why the API server refuses a new CIDR, in its words; undefined if it accepts it. */
export function cidrObjection(text: string): string | undefined {
  const parts = split(text);
  if (parts === undefined) return "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
  const { address, prefix, width } = parts;
  if (hasLeadingZeros(text)) return "must not have leading 0s in IP or prefix length";
  if (width === 128 && address >> 32n === 0xffffn) return "must not have an IPv4-mapped IPv6 address";
  if (masked(width, address, prefix).network !== address) return "must not have bits set beyond the prefix length";
  return undefined;
}

export function isStrictSubset(inner: Cidr, outer: Cidr): boolean {
  if (inner.width !== outer.width || inner.prefix <= outer.prefix) return false;
  return masked(outer.width, inner.network, outer.prefix).network === outer.network;
}

/** A zero before the other digits of an IPv4 octet or of the prefix, or an IPv6 group of more than four digits. */
function hasLeadingZeros(text: string): boolean {
  const [address = "", prefix = ""] = text.split("/");
  const groups = address.split(":").filter((group) => !group.includes("."));
  const octets = (address.split(":").at(-1) ?? "").split(".");
  return (
    /^0\d/.test(prefix) ||
    groups.some((group) => group.length > 4) ||
    (octets.length > 1 && octets.some((octet) => /^0\d/.test(octet)))
  );
}

function split(text: string): { address: bigint; prefix: number; width: 32 | 128 } | undefined {
  const match = /^([0-9a-fA-F.:]{1,100})\/(\d{1,10})$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  const width = match[1].includes(":") ? 128 : 32;
  const address = width === 32 ? readIpv4(match[1]) : readIpv6(match[1]);
  const prefix = Number(match[2]);
  return address === undefined || prefix > width ? undefined : { address, prefix, width };
}

function masked(width: 32 | 128, address: bigint, prefix: number): Cidr {
  const free = BigInt(width - prefix);
  return { width, network: (address >> free) << free, prefix };
}

function readIpv4(text: string): bigint | undefined {
  const octets = text.split(".");
  if (octets.length !== 4 || !octets.every((octet) => /^\d{1,20}$/.test(octet) && Number(octet) <= 255))
    return undefined;
  return octets.reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n);
}

function readIpv6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const groups = halves.map((half, index) => readGroups(half, index === halves.length - 1));
  const [head, tail] = groups;
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  const given = head.length + (tail?.length ?? 0);
  if (halves.length === 1 ? given !== 8 : given > 7) return undefined;
  const zeros = Array.from({ length: 8 - given }, () => 0);
  return [...head, ...zeros, ...(tail ?? [])].reduce((sum, group) => (sum << 16n) | BigInt(group), 0n);
}

/** 16-bit groups between colons; the last may be written as an IPv4 address. */
function readGroups(text: string, mayEndInIpv4: boolean): readonly number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (mayEndInIpv4 && index === parts.length - 1 && part.includes(".")) {
      const address = readIpv4(part);
      if (address === undefined) return undefined;
      groups.push(Number(address >> 16n), Number(address & 0xffffn));
    } else if (/^[0-9a-fA-F]+$/.test(part) && Number.parseInt(part, 16) <= 0xffff) {
      groups.push(Number.parseInt(part, 16));
    } else {
      return undefined;
    }
  }
  return groups;
}

function formatIpv4(address: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (address >> shift) & 0xffn).join(".");
}

/** RFC 5952: lower case, and the first of the longest runs of two or more zero groups is left out. */
function formatIpv6(address: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => (address >> BigInt(112 - 16 * index)) & 0xffffn);
  const run = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (run.length < 2) return hex.join(":");
  return `${hex.slice(0, run.start).join(":")}::${hex.slice(run.start + run.length).join(":")}`;
}

function longestZeroRun(groups: readonly bigint[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  let start = 0;
  for (const [index, group] of groups.entries()) {
    if (group !== 0n) start = index + 1;
    else if (index + 1 - start > longest.length) longest = { start, length: index + 1 - start };
  }
  return longest;
}

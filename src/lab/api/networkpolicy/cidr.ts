import { isIPv4, isIPv6 } from "node:net";

const MALFORMED = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

/** A network as bits: `address` has `width` of them, of which `prefix` count. */
interface Cidr {
  readonly address: bigint;
  readonly width: 32 | 128;
  readonly prefix: number;
}

/** Why a genuine server refuses this text as a CIDR, if it does. */
export function cidrFault(text: string): string | undefined {
  const cidr = parseLeniently(text);
  if (cidr === undefined) return MALFORMED;
  if (hasLeadingZeros(text)) return "must not have leading 0s in IP or prefix length";
  if (isMapped(cidr)) return "must not have an IPv4-mapped IPv6 address";
  if (cidr.address !== network(cidr, cidr.prefix)) return "must not have bits set beyond the prefix length";
  return undefined;
}

/** Whether `inner` is smaller than `outer` and inside it. Text that is no CIDR at all is not judged here. */
export function isStrictSubset(inner: string, outer: string): boolean {
  const small = parseLeniently(inner);
  const large = parseLeniently(outer);
  if (small === undefined || large === undefined) return true;
  if (small.width !== large.width || small.prefix <= large.prefix) return false;
  return network(small, large.prefix) === network(large, large.prefix);
}

/** Leading zeros are read as decimal, as the API always did; whether they are allowed is another question. */
function parseLeniently(text: string): Cidr | undefined {
  const match = /^([^/%]+)\/(\d{1,4})$/.exec(text);
  if (match === null) return undefined;
  const { groups, numbers } = parts(match[1] ?? "");
  const host = groups + numbers.map((number) => number.replace(/^0+(?=\d)/, "")).join(".");
  const prefix = Number(match[2]);
  if (isIPv4(host)) return prefix <= 32 ? { address: bits4(host), width: 32, prefix } : undefined;
  if (isIPv6(host)) return prefix <= 128 ? { address: bits6(host), width: 128, prefix } : undefined;
  return undefined;
}

/** Groups of an IPv6 address may begin with zeros; numbers of an IPv4 address and the prefix may not. */
function hasLeadingZeros(text: string): boolean {
  const [host = "", prefix = ""] = text.split("/");
  return [prefix, ...parts(host).numbers].some((number) => /^0\d/.test(number));
}

/** An address, cut into what is written in hexadecimal and what in dotted decimal. */
function parts(host: string): { readonly groups: string; readonly numbers: readonly string[] } {
  if (!host.includes(".")) return { groups: host, numbers: [] };
  const cut = host.lastIndexOf(":") + 1;
  return { groups: host.slice(0, cut), numbers: host.slice(cut).split(".") };
}

function isMapped(cidr: Cidr): boolean {
  return cidr.width === 128 && cidr.address >> 32n === 0xffffn;
}

function network(cidr: Cidr, prefix: number): bigint {
  const rest = BigInt(cidr.width - prefix);
  return (cidr.address >> rest) << rest;
}

function bits4(host: string): bigint {
  return host.split(".").reduce((sum, number) => (sum << 8n) | BigInt(number), 0n);
}

function bits6(host: string): bigint {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(host);
  const low = dotted === null ? 0n : bits4(dotted[2] ?? "");
  const text = dotted === null ? host : `${dotted[1]}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`;
  const [left = "", right] = text.split("::");
  const head = left.split(":").filter(Boolean);
  const tail = (right ?? "").split(":").filter(Boolean);
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => "0");
  return [...head, ...zeros, ...tail].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

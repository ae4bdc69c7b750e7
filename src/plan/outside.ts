import { contains, formatAddress, parseAddress, parseCidr } from "../expectation/index.ts";
import type { IpBlockPeer, NetworkPolicy } from "../snapshot/index.ts";
import type { NotTested } from "./model.ts";
import { ipBlocks } from "./peers.ts";

interface OutsidePlan {
  readonly addresses: readonly string[];
  readonly notTested: readonly NotTested[];
}

/** IPv4 as a number. */
interface Block {
  readonly first: number;
  readonly last: number;
}

/**
 * Addresses outside the cluster that the policies' ipBlocks tell apart: in each block at its ends, in each exception, just
 * beyond, and one in no block at all. The `required` ones, of the user's intent, come first.
 */
export function planOutside(
  policies: readonly NetworkPolicy[],
  { clusterCidrs, required }: { clusterCidrs: readonly string[] | undefined; required: readonly string[] },
): OutsidePlan {
  const wanted = required.map((cidr): IpBlockPeer => ({ kind: "ipBlock", cidr, except: [] }));
  const blocks = [
    ...wanted,
    ...policies.flatMap((policy) => [...ipBlocks(policy, "ingress"), ...ipBlocks(policy, "egress")]),
  ];
  if (blocks.length === 0) return { addresses: [], notTested: [] };
  if (clusterCidrs === undefined) return { addresses: [], notTested: blocks.map(withoutHost) };
  const taken = [...RESERVED, ...clusterCidrs];
  const isUsable = (address: number): boolean => isAddress(address) && !taken.some((cidr) => isIn(cidr, address));
  const notTested: NotTested[] = [];
  const chosen = new Set<number>();
  for (const { cidr, except } of blocks) {
    if (cidr.includes(":")) {
      notTested.push({ what: `ipBlock ${cidr}`, reason: "connections over IPv6 are not probed by this version" });
      continue;
    }
    const inside = ends(range(cidr)).filter((address) => !except.some((exception) => isIn(exception, address)));
    const found = [...inside.filter(isUsable).slice(0, 2), ...beyond(range(cidr)).filter(isUsable)];
    for (const exception of except) found.push(...ends(range(exception)).filter(isUsable).slice(0, 1));
    if (!inside.some(isUsable)) {
      notTested.push({
        what: `ipBlock ${cidr}`,
        reason: "none of its addresses can be given to a host outside the cluster",
      });
    }
    for (const address of found) chosen.add(address);
  }
  const stranger = STRANGERS.find((address) => isUsable(address) && !blocks.some(({ cidr }) => isIn(cidr, address)));
  if (stranger !== undefined) chosen.add(stranger);
  const addresses = [...chosen].slice(0, MAX_ADDRESSES);
  if (addresses.length < chosen.size) {
    const reason = `only ${MAX_ADDRESSES} addresses outside the cluster are tried`;
    notTested.push({ what: `${chosen.size - addresses.length} further addresses of ipBlocks`, reason });
  }
  return { addresses: addresses.map(text), notTested };
}

function withoutHost({ cidr }: IpBlockPeer): NotTested {
  return { what: `ipBlock ${cidr}`, reason: "there is no host of ours outside this cluster; the lab has one (--lab)" };
}

const MAX_ADDRESSES = 12;

/** Addresses that no ordinary host can have: this network, loopback, multicast and beyond. */
const RESERVED = ["0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3"];

/** Of networks for documentation (RFC 5737). */
const STRANGERS = ["203.0.113.77", "198.51.100.77", "192.0.2.77"].map(number);

/** Both ends first, then their neighbours, for blocks whose ends nobody can have or an exception covers. */
function ends({ first, last }: Block): readonly number[] {
  const middle = first + Math.floor((last - first) / 2);
  const wanted = [first, last, first + 1, last - 1, middle, ...STRANGERS];
  return [...new Set(wanted)].filter((address) => address >= first && address <= last);
}

function beyond({ first, last }: Block): readonly number[] {
  return [first - 1, last + 1];
}

function range(cidr: string): Block {
  const first = number(cidr.slice(0, cidr.indexOf("/")));
  const size = 2 ** (32 - Number(cidr.slice(cidr.indexOf("/") + 1)));
  const base = first - (first % size);
  return { first: base, last: base + size - 1 };
}

function isIn(cidr: string, address: number): boolean {
  const parsed = parseCidr(cidr);
  const own = parseAddress(text(address));
  return parsed !== undefined && own !== undefined && contains(parsed, own);
}

function isAddress(address: number): boolean {
  return address >= 0 && address < 2 ** 32;
}

function number(address: string): number {
  return (parseAddress(address)?.words[3] ?? 0) >>> 0;
}

function text(address: number): string {
  return formatAddress({ family: 4, words: [0, 0, 0, address | 0] });
}

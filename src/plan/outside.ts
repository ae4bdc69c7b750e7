import type { IpBlockPeer, NetworkPolicy } from "../snapshot/index.ts";
import { type AddressRange, addressAt, isWithin, rangeOf } from "./address-range.ts";
import type { NotTested } from "./model.ts";
import { ipBlocks } from "./peers.ts";

interface OutsidePlan {
  readonly addresses: readonly string[];
  readonly notTested: readonly NotTested[];
}

/** An ipBlock over IPv4. */
interface Block {
  readonly cidr: string;
  readonly whole: AddressRange;
  readonly exceptions: readonly AddressRange[];
}

/**
 * Addresses outside the cluster that the policies' ipBlocks tell apart: in each block at its ends, in each exception, just
 * beyond, and one in no block at all, which is what `from: []` means and no selector does. The `required` ones, of the
 * user's intent, come first.
 */
export function planOutside(
  policies: readonly NetworkPolicy[],
  { clusterCidrs, required }: { clusterCidrs: readonly string[] | undefined; required: readonly string[] },
): OutsidePlan {
  const wanted = required.map((cidr): IpBlockPeer => ({ kind: "ipBlock", cidr, except: [] }));
  const all = policies.flatMap((policy) => [...ipBlocks(policy, "ingress"), ...ipBlocks(policy, "egress")]);
  const peers = [...wanted, ...all];
  if (clusterCidrs === undefined) return { addresses: [], notTested: peers.map(withoutHost) };
  const taken = [...RESERVED, ...clusterCidrs].filter((cidr) => !isIpv6(cidr)).map(rangeOf);
  const isUsable = (address: bigint): boolean =>
    isWithin(EVERY_ADDRESS, address) && !taken.some((range) => isWithin(range, address));
  const notTested: NotTested[] = peers.filter(({ cidr }) => isIpv6(cidr)).map(overIpv6);
  const chosen = new Set<bigint>();
  const blocks = peers.filter(({ cidr }) => !isIpv6(cidr)).map(blockOf);
  // However many there are, each of the required ones has an address before any has a second.
  for (const block of blocks.slice(0, wanted.filter(({ cidr }) => !isIpv6(cidr)).length)) {
    const [first] = candidates(block, taken).filter(isUsable);
    if (first !== undefined) chosen.add(first);
  }
  for (const block of blocks) {
    const inside = candidates(block, taken).filter(isUsable);
    if (inside.length === 0) notTested.push(withoutAddress(block));
    const exceptions = block.exceptions.flatMap((exception) => ends(exception).filter(isUsable).slice(0, 1));
    for (const address of [...inside.slice(0, 2), ...beside(block.whole).filter(isUsable), ...exceptions]) {
      chosen.add(address);
    }
  }
  const stranger = STRANGERS.find(
    (address) => isUsable(address) && !blocks.some(({ whole }) => isWithin(whole, address)),
  );
  const strangers = stranger === undefined ? [] : [stranger];
  const kept = [...chosen].filter((address) => address !== stranger).slice(0, MAX_ADDRESSES - strangers.length);
  const left = new Set([...chosen, ...strangers]).size - kept.length - strangers.length;
  if (left > 0) notTested.push({ what: `${left} further addresses of ipBlocks`, reason: TOO_MANY });
  return { addresses: [...kept, ...strangers].map((address) => addressAt(4, address)), notTested };
}

const MAX_ADDRESSES = 12;
const TOO_MANY = `only ${MAX_ADDRESSES} addresses outside the cluster are tried`;

const EVERY_ADDRESS = rangeOf("0.0.0.0/0");

/** Addresses that no ordinary host can have: this network, loopback, multicast and beyond. */
const RESERVED = ["0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3"];

/** Of networks for documentation (RFC 5737). */
const STRANGERS = ["203.0.113.77/32", "198.51.100.77/32", "192.0.2.77/32"].map((cidr) => rangeOf(cidr).first);

export const WITHOUT_HOST = "there is no host of ours outside this cluster; the lab has one (--lab)";

function withoutHost({ cidr }: IpBlockPeer): NotTested {
  return { what: `ipBlock ${cidr}`, reason: WITHOUT_HOST };
}

function overIpv6({ cidr }: IpBlockPeer): NotTested {
  return { what: `ipBlock ${cidr}`, reason: "connections over IPv6 are not probed by this version" };
}

function withoutAddress({ cidr }: Block): NotTested {
  return { what: `ipBlock ${cidr}`, reason: "none of its addresses can be given to a host outside the cluster" };
}

function isIpv6(cidr: string): boolean {
  return cidr.includes(":");
}

function blockOf({ cidr, except }: IpBlockPeer): Block {
  return { cidr, whole: rangeOf(cidr), exceptions: except.map(rangeOf) };
}

/** What the block itself means: at its ends, then beside what is cut out of it, so that one is found wherever there is one. */
function candidates({ whole, exceptions }: Block, taken: readonly AddressRange[]): readonly bigint[] {
  const wanted = [...ends(whole), ...[...exceptions, ...taken].flatMap(beside)];
  return [...new Set(wanted)].filter(
    (address) => isWithin(whole, address) && !exceptions.some((exception) => isWithin(exception, address)),
  );
}

/** Both ends first, then their neighbours, for blocks whose ends nobody can have. */
function ends(range: AddressRange): readonly bigint[] {
  const { first, last } = range;
  const wanted = [first, last, first + 1n, last - 1n, (first + last) / 2n, ...STRANGERS];
  return [...new Set(wanted)].filter((address) => isWithin(range, address));
}

function beside({ first, last }: AddressRange): readonly bigint[] {
  return [first - 1n, last + 1n];
}

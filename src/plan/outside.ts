import type { IpBlockPeer, NetworkPolicy } from "../snapshot/index.ts";
import { type AddressRange, addressAt, isWithin, rangeOf } from "./address-range.ts";
import type { Family } from "./ends.ts";
import type { ExternalTarget, NotTested } from "./model.ts";
import { ipBlocks } from "./peers.ts";

export interface OutsideOptions {
  /** Ranges that are the cluster's own, where a host outside can have any other address; undefined: there is no such host. */
  readonly clusterCidrs: readonly string[] | undefined;
  /** Addresses that are not ours, and can be connected to. */
  readonly externals: readonly ExternalTarget[];
  /** Those that the cluster's pods have. */
  readonly families: readonly Family[];
}

interface OutsidePlan {
  readonly addresses: readonly string[];
  readonly notTested: readonly NotTested[];
}

interface Block {
  readonly cidr: string;
  readonly isRequired: boolean;
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
  { clusterCidrs, externals, families, required }: OutsideOptions & { readonly required: readonly string[] },
): OutsidePlan {
  const wanted = required.map((cidr): IpBlockPeer => ({ kind: "ipBlock", cidr, except: [] }));
  const all = policies.flatMap((policy) => [...ipBlocks(policy, "ingress"), ...ipBlocks(policy, "egress")]);
  const blocks = [...wanted.map((peer) => blockOf(peer, true)), ...all.map((peer) => blockOf(peer, false))];
  if (clusterCidrs === undefined) return { addresses: [], notTested: withoutHost(blocks, externals) };
  const taken = [...RESERVED, ...clusterCidrs].map(rangeOf);
  const parts = families.map((family) =>
    planFamily(
      family,
      blocks.filter(({ whole }) => whole.family === family),
      taken.filter((range) => range.family === family),
    ),
  );
  return {
    addresses: parts.flatMap(({ addresses }) => addresses),
    notTested: [
      ...blocks.filter(({ whole }) => !families.includes(whole.family)).map(withoutFamily),
      ...parts.flatMap(({ notTested }) => notTested),
    ],
  };
}

function planFamily(family: Family, blocks: readonly Block[], taken: readonly AddressRange[]): OutsidePlan {
  const isUsable = (address: bigint): boolean =>
    isWithin(EVERY_ADDRESS[family], address) && !taken.some((range) => isWithin(range, address));
  const notTested: NotTested[] = [];
  const chosen = new Set<bigint>();
  // However many there are, each of the required ones has an address before any has a second.
  for (const block of blocks.filter(({ isRequired }) => isRequired)) {
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
  const stranger = STRANGERS[family].find(
    (address) => isUsable(address) && !blocks.some(({ whole }) => isWithin(whole, address)),
  );
  const strangers = stranger === undefined ? [] : [stranger];
  const kept = [...chosen].filter((address) => address !== stranger).slice(0, MAX_ADDRESSES - strangers.length);
  const left = new Set([...chosen, ...strangers]).size - kept.length - strangers.length;
  if (left > 0) notTested.push({ what: `${left} further addresses of ipBlocks`, reason: TOO_MANY });
  return { addresses: [...kept, ...strangers].map((address) => addressAt(family, address)), notTested };
}

const MAX_ADDRESSES = 12;
const TOO_MANY = `only ${MAX_ADDRESSES} addresses outside the cluster are tried`;

const EVERY_ADDRESS = { 4: rangeOf("0.0.0.0/0"), 6: rangeOf("::/0") } as const satisfies Record<Family, AddressRange>;

/** Addresses that no ordinary host can have: this network, loopback, link-local, multicast and beyond, IPv4 in IPv6. */
const RESERVED = ["0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3", "::/64", "fe80::/10", "ff00::/8"];

/** Of networks for documentation (RFC 5737, RFC 3849, RFC 9637). */
const STRANGERS = {
  4: ["203.0.113.77/32", "198.51.100.77/32", "192.0.2.77/32"].map((cidr) => rangeOf(cidr).first),
  6: ["2001:db8:77::77/128", "3fff::77/128"].map((cidr) => rangeOf(cidr).first),
} as const satisfies Record<Family, readonly bigint[]>;

export const WITHOUT_HOST =
  "there is no host of ours outside this cluster: name an address and a port that answers with --external, or prove in the lab (--lab)";

function withoutHost(blocks: readonly Block[], externals: readonly ExternalTarget[]): readonly NotTested[] {
  const reached = externals.map(({ address }) => rangeOf(`${address}/${address.includes(":") ? 128 : 32}`));
  const without = blocks.filter(
    ({ whole }) => !reached.some(({ family, first }) => family === whole.family && isWithin(whole, first)),
  );
  return without.map(({ cidr }) => ({ what: `ipBlock ${cidr}`, reason: WITHOUT_HOST }));
}

function withoutFamily({ cidr, whole }: Block): NotTested {
  return { what: `ipBlock ${cidr}`, reason: `the pods here have no IPv${whole.family} address` };
}

function withoutAddress({ cidr }: Block): NotTested {
  return { what: `ipBlock ${cidr}`, reason: "none of its addresses can be given to a host outside the cluster" };
}

function blockOf({ cidr, except }: IpBlockPeer, isRequired: boolean): Block {
  return { cidr, isRequired, whole: rangeOf(cidr), exceptions: except.map(rangeOf) };
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
  const { family, first, last } = range;
  const wanted = [first, last, first + 1n, last - 1n, (first + last) / 2n, ...STRANGERS[family]];
  return [...new Set(wanted)].filter((address) => isWithin(range, address));
}

function beside({ first, last }: AddressRange): readonly bigint[] {
  return [first - 1n, last + 1n];
}

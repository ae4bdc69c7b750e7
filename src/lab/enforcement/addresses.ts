import { isIPv4, isIPv6 } from "node:net";

/** The two never match one another. */
export const FAMILIES = ["ipv4", "ipv6"] as const;
export type Family = (typeof FAMILIES)[number];

/** How nft calls a family's header, and the type of an address in sets. */
export const NFT_HEADER = { ipv4: "ip", ipv6: "ip6" } as const satisfies Record<Family, string>;
export const NFT_ADDRESS = { ipv4: "ipv4_addr", ipv6: "ipv6_addr" } as const satisfies Record<Family, string>;

const MAX_PREFIX = { ipv4: 32, ipv6: 128 } as const satisfies Record<Family, number>;

/** An address or a CIDR, in a spelling that may stand in an nft script. */
export interface Address {
  readonly family: Family;
  readonly text: string;
}

/** @throws on anything but an address without zone: what is no address must not reach the script */
export function parseAddress(text: string): Address {
  if (isIPv4(text)) return { family: "ipv4", text };
  if (isIPv6(text) && !text.includes("%")) return { family: "ipv6", text: text.toLowerCase() };
  throw new Error(`Cannot enforce a policy: "${text}" is no IP address`);
}

/** Bits beyond the prefix, which clusters of old may hold, do not count: nft masks them away as Kubernetes does. */
export function parseCidr(text: string): Address {
  const [, address = "", prefix = ""] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const { family, text: network } = parseAddress(address);
  if (Number(prefix) > MAX_PREFIX[family]) throw new Error(`Cannot enforce a policy: "${text}" is no CIDR`);
  return { family, text: `${network}/${Number(prefix)}` };
}

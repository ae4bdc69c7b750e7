import { FABRIC_ADDRESSES, isIpv6, nodeAddresses, nodeName, podCidrs } from "./addressing.ts";

// Lines for `ip -batch`. Every link is a veth pair of its own with a router at one end, so the address ranges need no
// bridge, and traffic between two pods of one node passes that node's forward hook too.
//
// Neighbours are written down instead of asked for: the kernel's tables of learned neighbours have one limit for all
// namespaces of the machine (1024 by default), and the lab must not push the host's own entries out.
const ROUTER_MAC = "02:00:00:00:00:01";
const HOST_MAC = "02:00:00:00:00:02";

/** What hosts call their router; nobody holds these addresses. */
const GATEWAYS = { v4: "169.254.1.1", v6: "fe80::1" };

/** What the kernel can do. */
interface Families {
  readonly hasIpv6: boolean;
}

export interface Link {
  /** The network namespace of the host end, where the interface is called eth0. */
  readonly netns: string;
  /** The interface's name at the router. */
  readonly name: string;
  readonly addresses: readonly string[];
  /** Prefixes beyond the host's own addresses that lie behind it. */
  readonly prefixes?: readonly string[];
}

/** The router's end: to be run in its namespace. Creates both ends. */
export function routerLines(link: Link): readonly string[] {
  const { name, netns, addresses, prefixes = [] } = link;
  return [
    `link add ${name} address ${ROUTER_MAC} type veth peer name eth0 address ${HOST_MAC} netns ${netns}`,
    `link set ${name} up`,
    ...addresses.flatMap((address) => [
      // `replace`: the link of a removed pod with the same address may not be gone yet.
      `route replace ${address}/${bits(address)} dev ${name}`,
      `neigh replace ${address} lladdr ${HOST_MAC} dev ${name} nud permanent`,
    ]),
    ...prefixes.map((prefix) => {
      const via = addresses.find((address) => isIpv6(address) === prefix.includes(":"));
      return `route replace ${prefix} via ${via} dev ${name} onlink`;
    }),
  ];
}

/** The host's end: to be run in its namespace. */
export function hostLines({ addresses }: Link): readonly string[] {
  const families = [...new Set(addresses.map(isIpv6))];
  return [
    "link set lo up",
    // No link-local address: it would bring router solicitations and duplicate address detection, a second each.
    "link set eth0 addrgenmode none up",
    ...addresses.map((address) => `address add ${address}/${bits(address)} dev eth0${isIpv6(address) ? " nodad" : ""}`),
    ...families.flatMap((isV6) => {
      const gateway = isV6 ? GATEWAYS.v6 : GATEWAYS.v4;
      return [
        `neigh add ${gateway} lladdr ${ROUTER_MAC} dev eth0 nud permanent`,
        `route add ${isV6 ? "::/0" : "0.0.0.0/0"} via ${gateway} dev eth0 onlink`,
      ];
    }),
  ];
}

/** The link between a node and the fabric; the fabric is its router. */
export function nodeLink(node: number, { hasIpv6 }: Families): Link {
  const name = nodeName(node);
  const families = hasIpv6 ? 2 : 1;
  const [addresses, prefixes] = [nodeAddresses(node), podCidrs(node)].map((both) => both.slice(0, families));
  return { netns: name, name, addresses: addresses ?? [], prefixes: prefixes ?? [] };
}

/** A node's end. Addresses that no pod has are silent, and are not sent round to the fabric and back. */
export function nodeLines(link: Link): readonly string[] {
  return [...hostLines(link), ...(link.prefixes ?? []).map((prefix) => `route add blackhole ${prefix}`)];
}

/** What the fabric needs besides its links. The rest of the world is silent, as it is behind most firewalls. */
export function fabricLines({ hasIpv6 }: Families): readonly string[] {
  const [v4, v6] = FABRIC_ADDRESSES;
  return [
    "link set lo up",
    `address add ${v4}/32 dev lo`,
    "route add blackhole 0.0.0.0/0",
    ...(hasIpv6 ? [`address add ${v6}/128 dev lo nodad`, "route add blackhole ::/0"] : []),
  ];
}

function bits(address: string): number {
  return isIpv6(address) ? 128 : 32;
}

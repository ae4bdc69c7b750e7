import type { Family, KubeObject } from "../contracts.ts";
import { chainBlock, comment } from "../nft-text.ts";
import { type Endpoint, type ProxiedPort, proxiedPorts } from "./proxied-ports.ts";

/** What the proxy's rules follow from. */
export interface ProxyCluster {
  readonly services: readonly KubeObject[];
  readonly slices: readonly KubeObject[];
}

interface ProxyRulesInput extends ProxyCluster {
  readonly node: string;
  readonly families: readonly Family[];
}

const TABLE = "netproof_services";
const WORDS = {
  IPv4: { table: "ip", type: "ipv4_addr" },
  IPv6: { table: "ip6", type: "ipv6_addr" },
} as const satisfies Record<Family, object>;

/**
 * The nft script that replaces this node's translation of Services, whatever it was, in one transaction. Addresses of
 * pods take the place of a Service's before anything is forwarded, so that policies see the pod's address and port.
 */
export function renderProxyRules({ node, families, ...cluster }: ProxyRulesInput): string {
  return families.map((family) => tableScript(family, proxiedPorts(cluster, { node, family }))).join("");
}

function tableScript(family: Family, ports: readonly ProxiedPort[]): string {
  const { table } = WORDS[family];
  const name = `${table} ${TABLE}`;
  const removal = `add table ${name}\ndelete table ${name}\n`;
  if (ports.length === 0) return removal;
  const body = blocks(family, ports).map((block) => block.replaceAll(/^/gm, "  "));
  return `${removal}${[`table ${name} {`, ...body, "}", ""].join("\n")}`;
}

function blocks(family: Family, ports: readonly ProxiedPort[]): readonly string[] {
  const { table, type } = WORDS[family];
  const [open, silent] = [ports.filter(({ endpoints }) => endpoints.length > 0), ports.filter((it) => it.isSilent)];
  const chains = new Map(open.map((port, i) => [port, `service_${i + 1}`]));
  const hairpins = open.flatMap(({ endpoints }) => endpoints.map(({ address }) => `${address} . ${address}`));
  const key = `${table} daddr . meta l4proto . th dport`;
  const keyType = `${type} . inet_proto . inet_service`;
  const translate = chains.size > 0 ? [`${key} vmap @ports`] : [];
  const refuse = [
    ...(silent.length > 0 ? [`${key} @silent drop`] : []),
    // What still carries a Service's address has no endpoint, or is for a port that the Service has not. A reset, since
    // a socket misses an ICMP error that comes back while its owner is still in connect(), and is refused a second later.
    `${table} daddr @addresses meta l4proto tcp reject with tcp reset`,
    `${table} daddr @addresses reject`,
  ];
  return [
    ...set(
      "addresses",
      type,
      ports.map(({ address }) => address),
    ),
    ...set("hairpins", `${type} . ${type}`, hairpins),
    ...set("silent", keyType, silent.map(keyOf)),
    ...[...chains].map(([port, chain]) => chainBlock(chain, serviceLines(port, table))),
    ...verdicts("ports", keyType, chains),
    chainBlock("translate_for_pods", ["type nat hook prerouting priority dstnat; policy accept;", ...translate]),
    chainBlock("translate_for_node", ["type nat hook output priority -100; policy accept;", ...translate]),
    // A pod that reaches itself would answer itself, past the node; so it is the node that seems to ask.
    chainBlock("return_to_node", [
      "type nat hook postrouting priority srcnat; policy accept;",
      ...(hairpins.length > 0 ? [`${table} saddr . ${table} daddr @hairpins masquerade`] : []),
    ]),
    // Before any policy: its silence must not take the place of a refusal.
    chainBlock("refuse_pods", ["type filter hook forward priority filter - 10; policy accept;", ...refuse]),
    chainBlock("refuse_node", ["type filter hook output priority filter - 10; policy accept;", ...refuse]),
  ];
}

function serviceLines({ label, protocol, endpoints, isSticky }: ProxiedPort, table: string): readonly string[] {
  const lines = endpoints.map((endpoint, i) => {
    const translation = `meta l4proto ${protocol} dnat to ${target(endpoint)}`;
    const left = endpoints.length - i;
    if (left === 1) return translation; // whatever is left
    const choice = isSticky
      ? `jhash ${table} saddr mod ${endpoints.length} seed 0x6e70 ${i}`
      : `numgen random mod ${left} 0`;
    return `${choice} ${translation}`;
  });
  return [comment(label), ...lines];
}

function target({ address, port }: Endpoint): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

function keyOf({ address, protocol, port }: ProxiedPort): string {
  return `${address} . ${protocol} . ${port}`;
}

function verdicts(name: string, type: string, chains: ReadonlyMap<ProxiedPort, string>): readonly string[] {
  const elements = [...chains].map(([port, chain]) => `${keyOf(port)} : goto ${chain}`);
  return chains.size === 0 ? [] : [`map ${name} { type ${type} : verdict; elements = { ${elements.join(", ")} } }`];
}

function set(name: string, type: string, elements: readonly string[]): readonly string[] {
  const list = [...new Set(elements)].join(", ");
  return elements.length === 0 ? [] : [`set ${name} { type ${type}; elements = { ${list} } }`];
}

import { FAMILIES, NFT_ADDRESS, NFT_HEADER } from "./addresses.ts";
import { EVERYTHING, type Match } from "./matches.ts";
import type { Port } from "./policies.ts";
import { NFT_PROTOCOL, type Protocol } from "./protocols.ts";
import type { Surroundings } from "./surroundings.ts";

type PortRange = Port & { kind: "range" };
type PortName = Port & { kind: "name" };

/** What of a packet's protocol and destination port satisfies one of the ports. None if no pod has such a name. */
export function portMatches(ports: readonly Port[], surroundings: Surroundings): readonly Match[] {
  // Without ports a rule allows ICMP and every other protocol too; the API leaves that open.
  if (ports.length === 0) return [EVERYTHING];
  const ranges = ports.filter((port) => port.kind === "range");
  const names = ports.filter((port) => port.kind === "name");
  return [...rangeMatches(ranges), ...names.flatMap((name) => nameMatches(name, surroundings))];
}

function rangeMatches(ranges: readonly PortRange[]): readonly Match[] {
  const protocols = [...new Set(ranges.map(({ protocol }) => protocol))];
  return protocols.map((protocol) => ({
    family: undefined,
    text: rangesText(protocol, merged(ranges.filter((range) => range.protocol === protocol))),
  }));
}

function rangesText(protocol: Protocol, ranges: readonly PortRange[]): string {
  if (ranges.some(({ first, last }) => first === 0 && last === 65535)) return `meta l4proto ${NFT_PROTOCOL[protocol]}`;
  const items = ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`));
  // A set of one would cost the kernel a set all the same.
  const ports = items.length === 1 ? items.join("") : `{ ${items.join(", ")} }`;
  return `${NFT_PROTOCOL[protocol]} dport ${ports}`;
}

/** Overlapping elements are an error in the sets of some versions of nft. */
function merged(ranges: readonly PortRange[]): readonly PortRange[] {
  const sorted = ranges.toSorted((left, right) => left.first - right.first || left.last - right.last);
  const apart: PortRange[] = [];
  for (const range of sorted) {
    const previous = apart.at(-1);
    if (previous === undefined || range.first > previous.last) apart.push(range);
    else apart.splice(-1, 1, { ...previous, last: Math.max(previous.last, range.last) });
  }
  return apart;
}

/**
 * A name is looked up on the destination, name and protocol, whichever end the policy applies to. As a set of addresses
 * with ports it is a different number on each pod, several on one, and nothing on addresses outside.
 */
function nameMatches({ protocol, name, declaredFor }: PortName, { findPort, sets }: Surroundings): readonly Match[] {
  return FAMILIES.flatMap((family) => {
    const places = findPort(name, declaredFor)?.[family] ?? [];
    if (places.length === 0) return [];
    const set = sets.reference(`${NFT_ADDRESS[family]} . inet_service`, places);
    return [{ family, text: `${NFT_HEADER[family]} daddr . ${NFT_PROTOCOL[protocol]} dport ${set}` }];
  });
}

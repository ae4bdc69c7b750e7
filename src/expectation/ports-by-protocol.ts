import type { Protocol } from "../snapshot/index.ts";
import { ALL_PORTS, intersectPorts, NO_PORTS, type PortSet, subtractPorts, unitePorts } from "./port-set.ts";

export type PortsByProtocol = Readonly<Record<Protocol, PortSet>>;

export const NOTHING: PortsByProtocol = byProtocol(() => NO_PORTS);
export const EVERYTHING: PortsByProtocol = byProtocol(() => ALL_PORTS);

export function onlyProtocol(protocol: Protocol, ports: PortSet): PortsByProtocol {
  return { ...NOTHING, [protocol]: ports };
}

export function unite(all: Iterable<PortsByProtocol>): PortsByProtocol {
  // The same few objects come again and again.
  const distinct = [...new Set(all)];
  if (distinct.length === 1) return distinct[0] ?? NOTHING;
  if (distinct.includes(EVERYTHING)) return EVERYTHING;
  return byProtocol((protocol) => unitePorts(distinct.map((ports) => ports[protocol])));
}

export function intersect(a: PortsByProtocol, b: PortsByProtocol): PortsByProtocol {
  return byProtocol((protocol) => intersectPorts(a[protocol], b[protocol]));
}

export function subtract(whole: PortsByProtocol, taken: PortsByProtocol): PortsByProtocol {
  return byProtocol((protocol) => subtractPorts(whole[protocol], taken[protocol]));
}

export function isNothing(ports: PortsByProtocol): boolean {
  return ports.TCP.length === 0 && ports.UDP.length === 0 && ports.SCTP.length === 0;
}

function byProtocol(portsOf: (protocol: Protocol) => PortSet): PortsByProtocol {
  return { TCP: portsOf("TCP"), UDP: portsOf("UDP"), SCTP: portsOf("SCTP") };
}

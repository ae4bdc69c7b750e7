import {
  formatPorts,
  hasPort,
  intersect,
  isNothing,
  type PairExpectation,
  type PortsByProtocol,
  subtract,
  unite,
} from "../expectation/index.ts";
import { type IntentLine, type Pod, PROTOCOLS } from "../snapshot/index.ts";
import type { PortOfInterest } from "./ports.ts";

const NONE: PortsByProtocol = { TCP: [], UDP: [], SCTP: [] };
const ALL: PortsByProtocol = { TCP: [[1, 65_535]], UDP: [[1, 65_535]], SCTP: [[1, 65_535]] };

/** The ports that a line speaks of; a name is what the destination declares, and no host outside declares any. */
export function portsOf({ port }: IntentLine, destination: Pod | undefined): PortsByProtocol {
  if (port === undefined) return ALL;
  if (port.kind === "range") return { ...NONE, [port.protocol]: [[port.from, port.to]] };
  const named = (destination?.ports ?? []).filter(({ name }) => name === port.name);
  return unite([NONE, ...named.map(({ protocol, port: number }) => ({ ...NONE, [protocol]: [[number, number]] }))]);
}

/** Of these ports those on which the policies say the opposite of the line. */
export function contrary({ must }: IntentLine, ports: PortsByProtocol, pair: PairExpectation): PortsByProtocol {
  return must === "connect" ? subtract(ports, unite([pair.allowed, pair.unspecified])) : intersect(ports, pair.allowed);
}

/** Worth a try where a line has a port: both ends of what it speaks of, one port of what is contrary to it, one of what is left open. */
export function portsToTry(line: IntentLine, ports: PortsByProtocol, pair: PairExpectation): readonly PortOfInterest[] {
  if (line.port === undefined) return [];
  const doubtful = [contrary(line, ports, pair), intersect(ports, pair.unspecified)];
  return PROTOCOLS.flatMap((protocol) => {
    const numbers = [...ports[protocol].flat(), ...doubtful.flatMap((some) => some[protocol][0]?.[0] ?? [])];
    return numbers.map((port) => ({ protocol, port }));
  });
}

export function speaksOf(ports: PortsByProtocol, { protocol, port }: PortOfInterest): boolean {
  return hasPort(ports[protocol], port);
}

/** What the policies do on these ports against the line; nothing where there are none. */
export function formatContrary({ must }: IntentLine, ends: string, ports: PortsByProtocol): readonly string[] {
  const verb = must === "connect" ? "deny" : "allow";
  if (isNothing(subtract(ALL, ports))) return [`${ends}: the policies ${verb} everything`];
  return PROTOCOLS.flatMap((protocol) => {
    const own = formatPorts(ports[protocol]);
    return own === "none" ? [] : [`${ends}: the policies ${verb} ${own}/${protocol}`];
  });
}

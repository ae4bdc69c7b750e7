import { FAMILIES, type Family } from "./addresses.ts";
import type { PolicyPod } from "./pods.ts";
import type { Protocol } from "./protocols.ts";
import { createSetPool, type SetPool } from "./ruleset.ts";

/** What the rules of a policy are read against. */
export interface Surroundings {
  /** Of all nodes. */
  readonly pods: readonly PolicyPod[];
  /** Where a port of that name is, as elements of a set of addresses with ports. */
  findPort(name: string, protocol: Protocol): PortPlaces | undefined;
  readonly sets: SetPool;
}

type PortPlaces = Readonly<Record<Family, readonly string[]>>;

export function surround(pods: readonly PolicyPod[]): Surroundings {
  const places = indexPorts(pods); // once, as many policies name the same few ports
  const findPort: Surroundings["findPort"] = (name, protocol) => places.get(`${name}/${protocol}`);
  return { pods, findPort, sets: createSetPool() };
}

function indexPorts(pods: readonly PolicyPod[]): ReadonlyMap<string, PortPlaces> {
  const places = new Map<string, Record<Family, string[]>>();
  for (const { addresses, namedPorts } of pods) {
    for (const { name, protocol, port } of namedPorts) {
      const key = `${name}/${protocol}`;
      const found = places.get(key) ?? { ipv4: [], ipv6: [] };
      for (const family of FAMILIES) found[family].push(...addresses[family].map((text) => `${text} . ${port}`));
      places.set(key, found);
    }
  }
  return places;
}

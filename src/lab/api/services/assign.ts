import { randomInt } from "node:crypto";
import type { Family, KubeObject } from "../../contracts.ts";
import { SERVICE_ADDRESSES, serviceAddress } from "../../network/index.ts";
import type { Draft } from "../../store.ts";
import { type Cause, invalidValue } from "../field-errors.ts";
import type { ClusterFacts } from "../resource.ts";
import { internalError, invalid } from "../status.ts";
import { familyOf, settleFamilies } from "./families.ts";
import type { DecodedServiceSpec } from "./shape.ts";
import { isHeadless } from "./validate.ts";

/** The lowest addresses are given only to who asks for one by name, so that those stay free. */
const FIRST_GIVEN = 257;
const LAST = SERVICE_ADDRESSES - 2;
const RANGES = { IPv4: "10.96.0.0/16", IPv6: "fd00:10:96::/112" } as const satisfies Record<Family, string>;

/**
 * Gives a Service its families and its addresses; those of `old` stay. They are taken as soon as the Service is stored,
 * and free again as soon as it is gone. @throws the refusal
 */
export function assignAddresses(draft: Draft, old: KubeObject | undefined, { store, families }: ClusterFacts): Draft {
  // The decoder has given both this shape.
  const before = old?.spec as DecodedServiceSpec | undefined;
  const wished = withAddressesOf(draft.spec as DecodedServiceSpec, before);
  const { spec, faults } = settleFamilies(wished, before, families);
  const refuse = (causes: readonly Cause[]) =>
    invalid({ group: "", plural: "services", kind: "Service", name: draft.metadata.name }, causes);
  if (faults.length > 0) throw refuse(faults);
  if (isHeadless(spec)) return { ...draft, spec };
  const taken = new Set(store.list("Service").filter(isAnother(draft)).flatMap(addressesOf).map(canonical));
  const asked = (spec.clusterIPs ?? []).slice(before?.clusterIPs?.length ?? 0);
  const refusals = asked.flatMap((address) => refusal(address, taken, spec.clusterIPs ?? []));
  if (refusals.length > 0) throw refuse(refusals);
  const clusterIPs = (spec.ipFamilies ?? []).map(
    (family, i) => spec.clusterIPs?.[i] ?? freeAddress(family as Family, taken),
  );
  return { ...draft, spec: { ...spec, clusterIP: clusterIPs[0], clusterIPs } };
}

/** What a client leaves out stays as it was; a client that knows only `clusterIP` sends the list back unchanged. */
function withAddressesOf(spec: DecodedServiceSpec, old: DecodedServiceSpec | undefined): DecodedServiceSpec {
  const clusterIP = spec.clusterIP ?? old?.clusterIP;
  if (clusterIP === undefined) return spec;
  const isNew = clusterIP !== old?.clusterIP;
  const isListUnchanged = String(spec.clusterIPs ?? []) === String(old?.clusterIPs ?? []);
  if (isNew && isListUnchanged) return { ...spec, clusterIP, clusterIPs: [clusterIP] };
  const clusterIPs = spec.clusterIPs ?? (isNew ? undefined : old?.clusterIPs);
  return { ...spec, clusterIP, ...(clusterIPs !== undefined && { clusterIPs }) };
}

function isAnother({ metadata }: Draft): (service: KubeObject) => boolean {
  return (service) => service.metadata.name !== metadata.name || service.metadata.namespace !== metadata.namespace;
}

function addressesOf({ spec }: KubeObject): readonly string[] {
  return (spec as DecodedServiceSpec).clusterIPs?.filter((address) => address !== "None") ?? [];
}

function refusal(address: string, taken: ReadonlySet<string>, all: readonly string[]): readonly Cause[] {
  const family = familyOf(address);
  const index = indexOf(canonical(address));
  const why = taken.has(canonical(address))
    ? "provided IP is already allocated"
    : `the provided IP (${address}) is not in the valid range. The range of valid IPs is ${RANGES[family]}`;
  const isFree = index !== undefined && index >= 1 && index <= LAST && !taken.has(canonical(address));
  return isFree ? [] : [invalidValue("spec.clusterIPs", all, `failed to allocate IP ${address}: ${why}`)];
}

/** By chance, as a genuine server does: a connection to a Service that is gone should not reach another one. */
function freeAddress(family: Family, taken: ReadonlySet<string>): string {
  const count = LAST - FIRST_GIVEN + 1;
  const start = randomInt(count);
  for (let step = 0; step < count; step += 1) {
    const address = serviceAddress(FIRST_GIVEN + ((start + step) % count), family);
    if (!taken.has(address)) return address;
  }
  throw internalError("failed to allocate a serviceIP: range is full");
}

/** An IPv6 address has many spellings. */
function canonical(address: string): string {
  return familyOf(address) === "IPv4" ? address : new URL(`http://[${address}]`).hostname.slice(1, -1);
}

/** Where in the range an address lies; undefined outside of it. */
function indexOf(address: string): number | undefined {
  const [, high, low] = /^10\.96\.(\d+)\.(\d+)$/.exec(address) ?? [];
  if (high !== undefined) return Number(high) * 256 + Number(low);
  const [, group] = /^fd00:10:96::([0-9a-f]{1,4})$/.exec(address) ?? [];
  return group === undefined ? undefined : Number.parseInt(group, 16);
}

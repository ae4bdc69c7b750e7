import { isIP, isIPv6 } from "node:net";
import type { Family } from "../../contracts.ts";
import { type Cause, duplicate, invalidValue, required, unsupported } from "../field-errors.ts";
import type { DecodedServiceSpec } from "./shape.ts";
import { isHeadless } from "./validate.ts";

const FAMILIES: readonly Family[] = ["IPv4", "IPv6"];
const POLICIES = ["PreferDualStack", "RequireDualStack", "SingleStack"];
const POLICY = "spec.ipFamilyPolicy";

/** A spec with its policy and families settled, as far as it has no faults. */
export interface Settled {
  readonly spec: DecodedServiceSpec;
  readonly faults: readonly Cause[];
}

/**
 * Settles which families a Service has, from all that says so: its policy, its families, its addresses, what it was
 * before, and what the cluster has. `cluster` begins with the family of Services that name none.
 */
export function settleFamilies(
  given: DecodedServiceSpec,
  old: DecodedServiceSpec | undefined,
  cluster: readonly Family[],
): Settled {
  const ipFamilyPolicy = given.ipFamilyPolicy ?? old?.ipFamilyPolicy ?? policyOf(given);
  const wished = { ...given, ipFamilyPolicy };
  const shapeFaults = addressFieldFaults(wished);
  if (shapeFaults.length > 0) return { spec: wished, faults: shapeFaults };
  const spec = old === undefined ? wished : released(wished, old);
  const faults = [...(old === undefined ? [] : reductionFaults(spec, old)), ...policyFaults(spec)];
  const addresses = isHeadless(spec) ? [] : (spec.clusterIPs ?? []);
  const families = [...(spec.ipFamilies ?? [])];
  for (const address of addresses.slice(families.length)) {
    const family = familyOf(address);
    const why = `${family} is not configured on this cluster`;
    if (cluster.includes(family)) families.push(family);
    else faults.push(invalidValue(`spec.clusterIPs[${addresses.indexOf(address)}]`, addresses, why));
  }
  if (faults.length > 0) return { spec, faults };
  // Nobody looks after the endpoints of such a Service, so it may speak of families that the cluster has not.
  const mayHaveAny = isHeadless(spec) && Object.keys(spec.selector ?? {}).length === 0;
  if (!mayHaveAny) {
    const clusterFaults = unavailable(spec, families, cluster);
    if (clusterFaults.length > 0) return { spec, faults: clusterFaults };
  }
  return { spec: { ...spec, ipFamilies: extended(families, spec, mayHaveAny ? FAMILIES : cluster) }, faults: [] };
}

function policyOf({ clusterIP, selector = {} }: DecodedServiceSpec): string {
  return clusterIP === "None" && Object.keys(selector).length === 0 ? "RequireDualStack" : "SingleStack";
}

/** To turn to a single stack, and change nothing else, gives the second family back. */
function released(spec: DecodedServiceSpec, old: DecodedServiceSpec): DecodedServiceSpec {
  if (spec.ipFamilyPolicy !== "SingleStack") return spec;
  const first = (list: readonly string[] = [], before: readonly string[] = []) =>
    String(list) === String(before) ? list.slice(0, 1) : list;
  return {
    ...spec,
    ...(spec.clusterIPs && { clusterIPs: first(spec.clusterIPs, old.clusterIPs) }),
    ...(spec.ipFamilies && { ipFamilies: first(spec.ipFamilies, old.ipFamilies) }),
  };
}

function reductionFaults(spec: DecodedServiceSpec, old: DecodedServiceSpec): readonly Cause[] {
  if (spec.ipFamilyPolicy === "SingleStack") return [];
  const isReduced = (name: "clusterIPs" | "ipFamilies") => spec[name]?.length === 1 && old[name]?.length === 2;
  const fault = (what: string) =>
    invalidValue(POLICY, spec.ipFamilyPolicy, `must be 'SingleStack' to release the secondary ${what}`);
  return [
    ...(isReduced("clusterIPs") ? [fault("cluster IP")] : []),
    ...(isReduced("ipFamilies") ? [fault("IP family")] : []),
  ];
}

function policyFaults({ ipFamilyPolicy, clusterIPs = [], ipFamilies = [] }: DecodedServiceSpec): Cause[] {
  if (ipFamilyPolicy !== "SingleStack") return [];
  const fault = (what: string) =>
    invalidValue(
      POLICY,
      ipFamilyPolicy,
      `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`,
    );
  return [
    ...(clusterIPs.length === 2 ? [fault("cluster IPs")] : []),
    ...(ipFamilies.length === 2 ? [fault("IP families")] : []),
  ];
}

function unavailable(
  { ipFamilyPolicy }: DecodedServiceSpec,
  families: readonly string[],
  cluster: readonly string[],
): readonly Cause[] {
  const noDual = "this cluster is not configured for dual-stack services";
  return [
    ...(ipFamilyPolicy === "RequireDualStack" && cluster.length < 2
      ? [invalidValue(POLICY, ipFamilyPolicy, noDual)]
      : []),
    ...families.flatMap((family, i) =>
      cluster.includes(family) ? [] : [invalidValue(`spec.ipFamilies[${i}]`, family, "not configured on this cluster")],
    ),
  ];
}

function extended(
  families: readonly string[],
  { ipFamilyPolicy }: DecodedServiceSpec,
  available: readonly Family[],
): readonly string[] {
  const [first = "IPv4"] = available;
  const chosen = families.length > 0 ? families : [first];
  if (ipFamilyPolicy === "SingleStack") return chosen;
  return [...chosen, ...available.filter((family) => !chosen.includes(family))];
}

/** What can be said of the fields by themselves, whatever the cluster has. */
function addressFieldFaults({
  clusterIP,
  clusterIPs = [],
  ipFamilies = [],
  ipFamilyPolicy = "",
}: DecodedServiceSpec): readonly Cause[] {
  const field = "spec.clusterIPs";
  const faults = [
    ...(clusterIP !== undefined && clusterIPs.length === 0 ? [required(field)] : []),
    ...(clusterIP !== undefined && clusterIPs.length > 0 && clusterIPs[0] !== clusterIP
      ? [invalidValue(field, clusterIPs, "first value must match `clusterIP`")]
      : []),
    ...(clusterIP === undefined && clusterIPs.length > 0
      ? [invalidValue(field, clusterIPs, "must be empty when `clusterIP` is not specified")]
      : []),
    ...ipFamilies.flatMap((family, i) => [
      ...(FAMILIES.some((known) => known === family) ? [] : [unsupported(`spec.ipFamilies[${i}]`, family, FAMILIES)]),
      ...(ipFamilies.indexOf(family) < i ? [duplicate(`spec.ipFamilies[${i}]`, family)] : []),
    ]),
    ...(POLICIES.includes(ipFamilyPolicy) ? [] : [unsupported(POLICY, ipFamilyPolicy, POLICIES)]),
  ];
  const notAddresses = clusterIPs.flatMap((text, i) => notAnAddress(text, i, clusterIPs));
  if (notAddresses.length > 0) return [...faults, ...notAddresses];
  const families = clusterIPs.map(familyOf);
  return [
    ...faults,
    ...(clusterIPs.length > 2 ? [invalidValue(field, clusterIPs, "may only hold up to 2 values")] : []),
    ...(new Set(families).size < families.length
      ? [invalidValue(field, clusterIPs, "may specify no more than one IP for each IP family")]
      : []),
    ...ipFamilies.flatMap((family, i) =>
      families[i] === undefined || families[i] === family || clusterIPs[0] === "None"
        ? []
        : [
            invalidValue(
              `${field}[${i}]`,
              clusterIPs[i],
              `expected an ${family} value as indicated by \`ipFamilies[${i}]\``,
            ),
          ],
    ),
  ];
}

function notAnAddress(text: string, index: number, all: readonly string[]): readonly Cause[] {
  if (index === 0 && text === "None") {
    const why = "'None' must be the first and only value";
    return all.length > 1 ? [invalidValue("spec.clusterIPs", all, why)] : [];
  }
  if (isIP(text) !== 0 && !text.includes("%")) return [];
  const why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
  return [invalidValue(`spec.clusterIPs[${index}]`, text, why)];
}

export function familyOf(address: string): Family {
  return isIPv6(address) ? "IPv6" : "IPv4";
}

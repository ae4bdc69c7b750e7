import { labelKeyFaults, labelValueFaults, portNameFaults, portNumberFaults } from "../admission/names.ts";
import { labelFaults } from "../admission/object-meta.ts";
import { type Cause, forbiddenValue, invalidValue, required, unsupported } from "../field-errors.ts";
import { cidrFault, isStrictSubset } from "./cidr.ts";
import type {
  DecodedIpBlock,
  DecodedPeer,
  DecodedPolicySpec,
  DecodedPort,
  DecodedRequirement,
  DecodedSelector,
} from "./shape.ts";

const PROTOCOLS = ["TCP", "UDP", "SCTP"];
const POLICY_TYPES = ["Ingress", "Egress"];

/** All that is wrong with a decoded and defaulted spec, in the order in which a genuine server lists it. */
export function policyFaults(spec: DecodedPolicySpec): readonly Cause[] {
  return [
    ...selectorFaults(spec.podSelector, "spec.podSelector"),
    ...(spec.ingress ?? []).flatMap(({ ports, from }, i) => ruleFaults(ports, from, `spec.ingress[${i}]`, "from")),
    ...(spec.egress ?? []).flatMap(({ ports, to }, i) => ruleFaults(ports, to, `spec.egress[${i}]`, "to")),
    ...policyTypeFaults(spec.policyTypes ?? []),
  ];
}

function ruleFaults(
  ports: readonly DecodedPort[] = [],
  peers: readonly DecodedPeer[] = [],
  rule: string,
  direction: "from" | "to",
): readonly Cause[] {
  return [
    ...ports.flatMap((port, i) => portFaults(port, `${rule}.ports[${i}]`)),
    ...peers.flatMap((peer, i) => peerFaults(peer, `${rule}.${direction}[${i}]`)),
  ];
}

function portFaults({ protocol, port, endPort }: DecodedPort, field: string): readonly Cause[] {
  const known = protocol === undefined || PROTOCOLS.includes(protocol);
  const faults = known ? [] : [unsupported(`${field}.protocol`, protocol, PROTOCOLS)];
  if (typeof port === "number") faults.push(...numberFaults(port, endPort, field));
  else if (endPort !== undefined) {
    const what = port === undefined ? "not specified" : "non-numeric";
    faults.push(invalidValue(`${field}.endPort`, endPort, `may not be specified when \`port\` is ${what}`));
  }
  if (typeof port === "string") {
    faults.push(...portNameFaults(port).map((fault) => invalidValue(`${field}.port`, port, fault)));
  }
  return faults;
}

function numberFaults(port: number, endPort: number | undefined, field: string): readonly Cause[] {
  const faults = portNumberFaults(port).map((fault) => invalidValue(`${field}.port`, port, fault));
  if (endPort === undefined) return faults;
  const isLower = endPort < port;
  return [
    ...faults,
    // A genuine server quotes the port here, not the endPort.
    ...(isLower ? [invalidValue(`${field}.endPort`, port, "must be greater than or equal to `port`")] : []),
    ...portNumberFaults(endPort).map((fault) => invalidValue(`${field}.endPort`, endPort, fault)),
  ];
}

function peerFaults({ podSelector, namespaceSelector, ipBlock }: DecodedPeer, field: string): readonly Cause[] {
  const isSelector = podSelector !== undefined || namespaceSelector !== undefined;
  const faults = [
    ...(podSelector ? selectorFaults(podSelector, `${field}.podSelector`) : []),
    ...(namespaceSelector ? selectorFaults(namespaceSelector, `${field}.namespaceSelector`) : []),
    ...(ipBlock ? ipBlockFaults(ipBlock, `${field}.ipBlock`) : []),
  ];
  if (!isSelector && ipBlock === undefined) faults.push(required(field, "must specify a peer"));
  if (isSelector && ipBlock) faults.push(forbiddenValue(field, "may not specify both ipBlock and another peer"));
  return faults;
}

function ipBlockFaults({ cidr, except = [] }: DecodedIpBlock, field: string): readonly Cause[] {
  if (cidr === "") return [required(`${field}.cidr`)];
  return [
    ...cidrFaults(cidr, `${field}.cidr`),
    ...except.flatMap((hole, i) => [
      ...cidrFaults(hole, `${field}.except[${i}]`),
      ...(isStrictSubset(hole, cidr)
        ? []
        : [invalidValue(`${field}.except[${i}]`, hole, "must be a strict subset of `cidr`")]),
    ]),
  ];
}

function cidrFaults(cidr: string, field: string): readonly Cause[] {
  const fault = cidrFault(cidr);
  return fault === undefined ? [] : [invalidValue(field, cidr, fault)];
}

function selectorFaults(selector: DecodedSelector, field: string): readonly Cause[] {
  return [
    ...labelFaults(`${field}.matchLabels`, selector.matchLabels ?? {}),
    ...(selector.matchExpressions ?? []).flatMap((requirement, i) =>
      requirementFaults(requirement, `${field}.matchExpressions[${i}]`),
    ),
  ];
}

function requirementFaults({ key, operator, values = [] }: DecodedRequirement, field: string): readonly Cause[] {
  return [
    ...operatorFaults(operator, values, field),
    ...labelKeyFaults(key).map((fault) => invalidValue(`${field}.key`, key, fault)),
    ...values.flatMap((value, i) =>
      labelValueFaults(value).map((fault) => invalidValue(`${field}.values[${i}]`, value, fault)),
    ),
  ];
}

function operatorFaults(operator: string, values: readonly string[], field: string): readonly Cause[] {
  if (operator === "In" || operator === "NotIn") {
    const detail = "must be specified when `operator` is 'In' or 'NotIn'";
    return values.length === 0 ? [required(`${field}.values`, detail)] : [];
  }
  if (operator === "Exists" || operator === "DoesNotExist") {
    const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
    return values.length === 0 ? [] : [forbiddenValue(`${field}.values`, detail)];
  }
  return [invalidValue(`${field}.operator`, operator, "not a valid selector operator")];
}

function policyTypeFaults(types: readonly string[]): readonly Cause[] {
  if (types.length > POLICY_TYPES.length) {
    return [invalidValue("spec.policyTypes", types, "may not specify more than two policyTypes")];
  }
  return types.flatMap((type, i) =>
    POLICY_TYPES.includes(type) ? [] : [unsupported(`spec.policyTypes[${i}]`, type, POLICY_TYPES)],
  );
}

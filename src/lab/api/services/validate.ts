import { nameFaults, portNameFaults, portNumberFaults } from "../admission/names.ts";
import { labelFaults } from "../admission/object-meta.ts";
import { type Cause, duplicate, forbiddenValue, invalidValue, required, unsupported } from "../field-errors.ts";
import type { DecodedServicePort, DecodedServiceSpec } from "./shape.ts";

const PROTOCOLS = ["SCTP", "TCP", "UDP"];
const AFFINITIES = ["ClientIP", "None"];
const TRAFFIC_POLICIES = ["Cluster", "Local"];
const DISTRIBUTIONS = ["PreferClose", "PreferSameNode", "PreferSameZone"];
const OF_OTHER_CLUSTERS = ["NodePort", "LoadBalancer", "ExternalName"];
const TYPES = ["ClusterIP", ...OF_OTHER_CLUSTERS].sort();
const LONGEST_AFFINITY_SECONDS = 86_400;

/** What is wrong with a completed spec, but for its addresses and their families (families.ts). */
export function serviceFaults(spec: DecodedServiceSpec): readonly Cause[] {
  // What a genuine cluster has and the lab has not is refused, since nothing would come of it.
  if (OF_OTHER_CLUSTERS.includes(spec.type ?? "")) {
    const message = `Unsupported value: ${JSON.stringify(spec.type)}: the lab has only Services of type "ClusterIP"`;
    return [{ reason: "FieldValueNotSupported", message, field: "spec.type" }];
  }
  const { ports = [], selector = {}, sessionAffinity = "", internalTrafficPolicy = "", trafficDistribution } = spec;
  return [
    ...(ports.length === 0 && !isHeadless(spec) ? [required("spec.ports")] : []),
    ...ports.flatMap((port, i) => portFaults(port, `spec.ports[${i}]`, { isNameRequired: ports.length > 1 })),
    ...duplicateNames(ports),
    ...labelFaults("spec.selector", selector),
    ...(AFFINITIES.includes(sessionAffinity) ? [] : [unsupported("spec.sessionAffinity", sessionAffinity, AFFINITIES)]),
    ...affinityFaults(spec),
    ...typeFaults(spec),
    ...duplicatePorts(ports),
    ...(TRAFFIC_POLICIES.includes(internalTrafficPolicy)
      ? []
      : [unsupported("spec.internalTrafficPolicy", internalTrafficPolicy, TRAFFIC_POLICIES)]),
    ...(trafficDistribution === undefined || DISTRIBUTIONS.includes(trafficDistribution)
      ? []
      : [unsupported("spec.trafficDistribution", trafficDistribution, DISTRIBUTIONS)]),
  ];
}

export function isHeadless({ clusterIPs = [] }: DecodedServiceSpec): boolean {
  return clusterIPs.length === 1 && clusterIPs[0] === "None";
}

function portFaults(
  { name, port, protocol = "", targetPort, nodePort }: DecodedServicePort,
  field: string,
  { isNameRequired }: { readonly isNameRequired: boolean },
): readonly Cause[] {
  const targetFaults = typeof targetPort === "string" ? portNameFaults(targetPort) : portNumberFaults(targetPort ?? 0);
  return [
    ...(name === undefined && isNameRequired ? [required(`${field}.name`)] : []),
    ...(name === undefined ? [] : nameFaults(name, "label").map((why) => invalidValue(`${field}.name`, name, why))),
    ...portNumberFaults(port).map((why) => invalidValue(`${field}.port`, port, why)),
    ...(PROTOCOLS.includes(protocol) ? [] : [unsupported(`${field}.protocol`, protocol, PROTOCOLS)]),
    ...targetFaults.map((why) => invalidValue(`${field}.targetPort`, targetPort, why)),
    ...(nodePort === undefined
      ? []
      : [forbiddenValue(`${field}.nodePort`, "may not be used when `type` is 'ClusterIP'")]),
  ];
}

function duplicateNames(ports: readonly DecodedServicePort[]): readonly Cause[] {
  const names = ports.map(({ name }) => name);
  return names.flatMap((name, i) =>
    name !== undefined && names.indexOf(name) < i ? [duplicate(`spec.ports[${i}].name`, name)] : [],
  );
}

/** The same number may stand there once for each protocol. */
function duplicatePorts(ports: readonly DecodedServicePort[]): readonly Cause[] {
  const keys = ports.map(({ protocol, port }) => `${port}/${protocol}`);
  return ports.flatMap(({ protocol, port }, i) => {
    // A genuine server quotes its own notion of a port, empty fields and all.
    const quoted = { Name: "", Protocol: protocol, AppProtocol: null, Port: port, TargetPort: 0, NodePort: 0 };
    return keys.indexOf(keys[i] ?? "") < i ? [duplicate(`spec.ports[${i}]`, quoted)] : [];
  });
}

function affinityFaults({ sessionAffinityConfig }: DecodedServiceSpec): readonly Cause[] {
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (seconds === undefined || (seconds > 0 && seconds <= LONGEST_AFFINITY_SECONDS)) return [];
  const why = `must be greater than 0 and less than ${LONGEST_AFFINITY_SECONDS}`;
  return [invalidValue("spec.sessionAffinityConfig.clientIP.timeoutSeconds", seconds, why)];
}

function typeFaults({ type = "", externalIPs = [], externalTrafficPolicy, ...spec }: DecodedServiceSpec) {
  const ofBalancers = ["allocateLoadBalancerNodePorts", "loadBalancerClass", "loadBalancerSourceRanges"];
  const notExternal = "may only be set for externally-accessible services";
  return [
    ...(externalIPs.length > 0 ? [forbiddenValue("spec.externalIPs", "the lab has no external IPs")] : []),
    ...(TYPES.includes(type) ? [] : [unsupported("spec.type", type, TYPES)]),
    ...ofBalancers
      .filter((name) => spec[name] !== undefined)
      .map((name) => forbiddenValue(`spec.${name}`, "may only be used when `type` is 'LoadBalancer'")),
    ...(externalTrafficPolicy === undefined
      ? []
      : [invalidValue("spec.externalTrafficPolicy", externalTrafficPolicy, notExternal)]),
  ];
}

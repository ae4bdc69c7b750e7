import {
  BOOL,
  INT32,
  listOf,
  named,
  omitted,
  pointer,
  STRING,
  STRING_MAP,
  struct,
  written,
} from "../admission/shapes.ts";

const PORT = struct("ServicePort", {
  name: omitted(STRING),
  protocol: omitted(named("v1.Protocol")),
  appProtocol: pointer(STRING),
  port: written(INT32),
  targetPort: omitted({ kind: "int-or-string" }),
  nodePort: omitted(INT32),
});

const AFFINITY = struct("SessionAffinityConfig", {
  clientIP: pointer(struct("ClientIPConfig", { timeoutSeconds: pointer(INT32) })),
});

/** `spec` of v1 Service, field for field. */
export const SERVICE_SPEC = struct("ServiceSpec", {
  ports: omitted(listOf(PORT)),
  selector: omitted(STRING_MAP),
  clusterIP: omitted(STRING),
  clusterIPs: omitted(listOf(STRING)),
  type: omitted(named("v1.ServiceType")),
  externalIPs: omitted(listOf(STRING)),
  sessionAffinity: omitted(named("v1.ServiceAffinity")),
  loadBalancerIP: omitted(STRING),
  loadBalancerSourceRanges: omitted(listOf(STRING)),
  externalName: omitted(STRING),
  externalTrafficPolicy: omitted(named("v1.ServiceExternalTrafficPolicy")),
  healthCheckNodePort: omitted(INT32),
  publishNotReadyAddresses: omitted(BOOL),
  sessionAffinityConfig: pointer(AFFINITY),
  ipFamilies: omitted(listOf(named("v1.IPFamily"))),
  ipFamilyPolicy: pointer(named("v1.IPFamilyPolicy")),
  allocateLoadBalancerNodePorts: pointer(BOOL),
  loadBalancerClass: pointer(STRING),
  internalTrafficPolicy: pointer(named("v1.ServiceInternalTrafficPolicy")),
  trafficDistribution: pointer(STRING),
});

// What the decoder has made sure of, for the code that reads a decoded Service.

export interface DecodedServicePort {
  readonly name?: string;
  readonly protocol?: string;
  readonly appProtocol?: string;
  readonly port: number;
  readonly targetPort?: number | string;
  readonly nodePort?: number;
}

export interface DecodedServiceSpec {
  readonly ports?: readonly DecodedServicePort[];
  readonly selector?: Readonly<Record<string, string>>;
  readonly clusterIP?: string;
  readonly clusterIPs?: readonly string[];
  readonly type?: string;
  readonly externalIPs?: readonly string[];
  readonly sessionAffinity?: string;
  readonly sessionAffinityConfig?: { readonly clientIP?: { readonly timeoutSeconds?: number } };
  readonly ipFamilies?: readonly string[];
  readonly ipFamilyPolicy?: string;
  readonly internalTrafficPolicy?: string;
  readonly trafficDistribution?: string;
  readonly publishNotReadyAddresses?: boolean;
  readonly [field: string]: unknown;
}

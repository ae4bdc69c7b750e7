import type { DecodedServicePort, DecodedServiceSpec } from "./shape.ts";

/** Fills in what the API defaults, but for the addresses and their families. */
export function completeServiceSpec(spec: DecodedServiceSpec): DecodedServiceSpec {
  const { ports, sessionAffinity = "None", sessionAffinityConfig, internalTrafficPolicy, type = "ClusterIP" } = spec;
  const { sessionAffinityConfig: _, ...given } = spec;
  const affinity = { clientIP: { timeoutSeconds: sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800 } };
  return {
    ...given,
    ...(ports !== undefined && { ports: ports.map(completePort) }),
    type,
    sessionAffinity,
    ...(sessionAffinity === "ClientIP" && { sessionAffinityConfig: affinity }),
    ...(type !== "ExternalName" && { internalTrafficPolicy: internalTrafficPolicy ?? "Cluster" }),
  };
}

function completePort({ protocol = "TCP", ...port }: DecodedServicePort): DecodedServicePort {
  // Zero and an empty name have been left out by the decoder.
  return { ...port, protocol, targetPort: port.targetPort ?? port.port };
}

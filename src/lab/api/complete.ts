import type { Draft } from "../store.ts";
import { recordAt, recordsAt } from "./fields.ts";

// What a genuine server adds to the objects that clients send, as far as netproof reads it.

export function completeNamespace(draft: Draft): Draft {
  const { name, labels } = draft.metadata;
  return {
    ...draft,
    metadata: { ...draft.metadata, labels: { ...labels, "kubernetes.io/metadata.name": name } },
    spec: { finalizers: ["kubernetes"], ...recordAt(draft, "spec") },
    status: { phase: "Active", ...recordAt(draft, "status") },
  };
}

export function completeQuota(draft: Draft): Draft {
  return { ...draft, status: recordAt(draft, "status") };
}

export function completeJob(draft: Draft): Draft {
  const defaults = { parallelism: 1, completions: 1, backoffLimit: 6, completionMode: "NonIndexed", suspend: false };
  return { ...draft, spec: { ...defaults, ...recordAt(draft, "spec") }, status: recordAt(draft, "status") };
}

const FAMILIES = { ipFamilies: ["IPv4"], ipFamilyPolicy: "SingleStack" };

export function completeService(draft: Draft): Draft {
  const ports = recordsAt(draft, "spec.ports").map((port) => ({ protocol: "TCP", targetPort: port.port, ...port }));
  const defaults = { type: "ClusterIP", sessionAffinity: "None", internalTrafficPolicy: "Cluster" };
  const { clusterIP } = recordAt(draft, "spec");
  const addresses = typeof clusterIP === "string" && clusterIP !== "" ? { clusterIPs: [clusterIP], ...FAMILIES } : {};
  const spec = { ...defaults, ...addresses, ...recordAt(draft, "spec"), ...(ports.length > 0 && { ports }) };
  return { ...draft, spec, status: { loadBalancer: {}, ...recordAt(draft, "status") } };
}

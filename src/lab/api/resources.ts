import { completeJob, completeNamespace, completeQuota } from "./complete.ts";
import { recordAt } from "./fields.ts";
import { completePolicySpec } from "./networkpolicy/complete.ts";
import type { DecodedPolicySpec } from "./networkpolicy/shape.ts";
import { NETWORK_POLICY_SPEC } from "./networkpolicy/shape.ts";
import { policyFaults } from "./networkpolicy/validate.ts";
import { admitPod } from "./pods/admit.ts";
import { completePod } from "./pods/complete.ts";
import { podFaults, podUpdateFaults } from "./pods/validate.ts";
import { ALL_VERBS, type Resource, resource, type Subresource } from "./resource.ts";
import { assignAddresses } from "./services/assign.ts";
import { completeServiceSpec } from "./services/complete.ts";
import { type DecodedServiceSpec, SERVICE_SPEC } from "./services/shape.ts";
import { serviceFaults } from "./services/validate.ts";
import { serviceUpdateFaults } from "./services/validate-update.ts";

const STATUS: Subresource = { name: "status", verbs: ["get", "patch", "update"] };
const EXEC: Subresource = { name: "exec", verbs: ["create", "get"], kind: "PodExecOptions" };
const LOG: Subresource = { name: "log", verbs: ["get"] };

/** The resources of the lab, in the order in which discovery lists them. */
export const RESOURCES: readonly Resource[] = [
  resource({ group: "", plural: "configmaps", kind: "ConfigMap", namespaced: true, shortNames: ["cm"] }),
  resource({
    group: "",
    plural: "events",
    kind: "Event",
    namespaced: true,
    shortNames: ["ev"],
    selectable: [
      "involvedObject.kind",
      "involvedObject.name",
      "involvedObject.namespace",
      "involvedObject.uid",
      "reason",
      "type",
    ],
  }),
  resource({
    group: "",
    plural: "namespaces",
    kind: "Namespace",
    namespaced: false,
    shortNames: ["ns"],
    verbs: ALL_VERBS.filter((verb) => verb !== "deletecollection"),
    subresources: [STATUS],
    names: "label",
    selectable: ["status.phase"],
    empty: { spec: {}, status: {} },
    onDelete: "emptied",
    complete: completeNamespace,
  }),
  resource({
    group: "",
    plural: "nodes",
    kind: "Node",
    namespaced: false,
    shortNames: ["no"],
    subresources: [STATUS],
    selectable: ["spec.unschedulable"],
    empty: { spec: {}, status: {} },
  }),
  resource({
    group: "",
    plural: "pods",
    kind: "Pod",
    namespaced: true,
    shortNames: ["po"],
    categories: ["all"],
    subresources: [EXEC, LOG, STATUS],
    hasGeneration: true,
    selectable: [
      "spec.nodeName",
      "spec.restartPolicy",
      "spec.schedulerName",
      "spec.serviceAccountName",
      "status.phase",
      "status.podIP",
    ],
    empty: { spec: { containers: null }, status: {} },
    onDelete: "stopped",
    complete: completePod,
    validate: podFaults,
    validateUpdate: podUpdateFaults,
    admit: admitPod,
  }),
  resource({
    group: "",
    plural: "resourcequotas",
    kind: "ResourceQuota",
    namespaced: true,
    shortNames: ["quota"],
    subresources: [STATUS],
    empty: { spec: {}, status: {} },
    complete: completeQuota,
  }),
  resource({ group: "", plural: "serviceaccounts", kind: "ServiceAccount", namespaced: true, shortNames: ["sa"] }),
  resource({
    group: "",
    plural: "services",
    kind: "Service",
    namespaced: true,
    shortNames: ["svc"],
    categories: ["all"],
    subresources: [STATUS],
    names: "service",
    selectable: ["spec.clusterIP", "spec.type"],
    spec: SERVICE_SPEC,
    empty: { spec: {}, status: { loadBalancer: {} } },
    isReturnedWhenDeleted: true,
    // The decoder has given `spec` this shape.
    complete: (draft) => ({
      ...draft,
      spec: completeServiceSpec(draft.spec as DecodedServiceSpec),
      status: { loadBalancer: {}, ...recordAt(draft, "status") },
    }),
    assign: assignAddresses,
    validate: (draft) => serviceFaults(draft.spec as DecodedServiceSpec),
    validateUpdate: serviceUpdateFaults,
  }),
  resource({
    group: "authorization.k8s.io",
    plural: "selfsubjectaccessreviews",
    kind: "SelfSubjectAccessReview",
    namespaced: false,
    verbs: ["create"],
    answer: ({ kind, apiVersion, spec = {} }) => ({ kind, apiVersion, metadata: {}, spec, status: { allowed: true } }),
  }),
  resource({
    group: "batch",
    plural: "jobs",
    kind: "Job",
    namespaced: true,
    categories: ["all"],
    subresources: [STATUS],
    hasGeneration: true,
    selectable: ["status.successful"],
    empty: { spec: { template: { metadata: {}, spec: { containers: null } } }, status: {} },
    complete: completeJob,
  }),
  resource({
    group: "discovery.k8s.io",
    plural: "endpointslices",
    kind: "EndpointSlice",
    namespaced: true,
    verbs: ["get", "list", "watch"],
    empty: { addressType: "", endpoints: null, ports: null },
  }),
  resource({
    group: "networking.k8s.io",
    plural: "networkpolicies",
    kind: "NetworkPolicy",
    namespaced: true,
    shortNames: ["netpol"],
    hasGeneration: true,
    spec: NETWORK_POLICY_SPEC,
    empty: { spec: { podSelector: {} } },
    // The decoder has given `spec` this shape.
    complete: (draft) => ({ ...draft, spec: completePolicySpec(draft.spec as DecodedPolicySpec) }),
    validate: (draft) => policyFaults(draft.spec as DecodedPolicySpec),
  }),
];

export function resourceOfKind(kind: string): Resource | undefined {
  return RESOURCES.find((candidate) => candidate.kind === kind);
}

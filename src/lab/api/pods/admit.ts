import type { Draft, LabStore } from "../../store.ts";
import { at, numberAt, recordAt, textAt } from "../fields.ts";
import { forbidden, type Subject } from "../status.ts";
import { podSecurityFaults } from "./pod-security.ts";

/** The cluster's own rules for a new pod, in the order in which a genuine server asks them. */
export function admitPod(draft: Draft, store: LabStore): void {
  requireServiceAccount(draft, store);
  requirePodSecurity(draft, store);
  requireQuota(draft, store);
}

function subject(draft: Draft): Subject {
  return { group: "", plural: "pods", kind: "Pod", name: draft.metadata.name };
}

/** A namespace has its `default` account only a moment after it was made; until then its pods are refused. */
function requireServiceAccount(draft: Draft, store: LabStore): void {
  const { namespace } = draft.metadata;
  const account = textAt(draft, "spec.serviceAccountName") ?? "default";
  if (store.get("ServiceAccount", namespace, account) !== undefined) return;
  const absent = `serviceaccount ${JSON.stringify(account)} not found`;
  throw forbidden(subject(draft), `error looking up service account ${namespace}/${account}: ${absent}`);
}

function requirePodSecurity(draft: Draft, store: LabStore): void {
  const { labels } = store.get("Namespace", undefined, draft.metadata.namespace ?? "")?.metadata ?? {};
  const level = labels?.["pod-security.kubernetes.io/enforce"];
  if (level !== "restricted" && level !== "baseline") return;
  const faults = podSecurityFaults(draft, level);
  if (faults.length === 0) return;
  throw forbidden(subject(draft), `violates PodSecurity "${level}:latest": ${faults.join(", ")}`);
}

/** Counts pods only; quotas of cpu and memory are stored and not enforced. */
function requireQuota(draft: Draft, store: LabStore): void {
  const { namespace } = draft.metadata;
  for (const quota of store.list("ResourceQuota", namespace)) {
    const limit = recordAt(quota, "spec.hard").pods;
    if (limit === undefined) continue;
    const used = store.list("Pod", namespace).filter((pod) => !isOver(at(pod, "status.phase"))).length;
    if (used + 1 <= (numberAt({ limit }, "limit") ?? Number(limit))) continue;
    const { name } = quota.metadata;
    const why = `exceeded quota: ${name}, requested: pods=1, used: pods=${used}, limited: pods=${limit}`;
    throw forbidden(subject(draft), why);
  }
}

function isOver(phase: unknown): boolean {
  return phase === "Succeeded" || phase === "Failed";
}

import type { Draft } from "../store.ts";
import { recordAt } from "./fields.ts";

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

import type { Manifests } from "./model.ts";

/** Two sets of manifests as one. Where both hold an object, the first one's counts: files before what is live. */
export function mergeManifests(first: Manifests, second: Manifests): Manifests {
  const policyNames = new Set(first.policies.map(({ policy }) => `${policy.namespace}/${policy.name}`));
  const namespaceNames = new Set(first.namespaces.map(({ name }) => name));
  const workloadNames = new Set(first.workloads.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`));
  const serviceNames = new Set(first.services.map(nameOf));
  return {
    policies: [
      ...first.policies,
      ...second.policies.filter(({ policy }) => !policyNames.has(`${policy.namespace}/${policy.name}`)),
    ],
    namespaces: [...first.namespaces, ...second.namespaces.filter(({ name }) => !namespaceNames.has(name))],
    workloads: [
      ...first.workloads,
      ...second.workloads.filter(({ kind, namespace, name }) => !workloadNames.has(`${kind} ${namespace}/${name}`)),
    ],
    services: [...first.services, ...second.services.filter((service) => !serviceNames.has(nameOf(service)))],
    passedOver: first.passedOver,
    warnings: [...first.warnings, ...second.warnings],
  };
}

function nameOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

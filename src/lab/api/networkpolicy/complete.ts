import type { DecodedPolicySpec, DecodedPort } from "./shape.ts";

/** Fills in what the API defaults: `policyTypes`, and TCP for ports that name no protocol. */
export function completePolicySpec(spec: DecodedPolicySpec): DecodedPolicySpec {
  const { podSelector, ingress, egress, policyTypes } = spec;
  return {
    podSelector,
    ...(ingress && { ingress: ingress.map(completeRule) }),
    ...(egress && { egress: egress.map(completeRule) }),
    policyTypes: policyTypes ?? (egress === undefined ? ["Ingress"] : ["Ingress", "Egress"]),
  };
}

function completeRule<Rule extends { readonly ports?: readonly DecodedPort[] }>(rule: Rule): Rule {
  return rule.ports === undefined ? rule : { ...rule, ports: rule.ports.map(completePort) };
}

function completePort({ protocol = "TCP", ...port }: DecodedPort): DecodedPort {
  return { protocol, ...port };
}

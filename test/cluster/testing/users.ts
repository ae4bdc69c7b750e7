import { KubeConfig } from "@kubernetes/client-node";
import { stringify } from "yaml";
import type { TestCluster } from "./cluster.ts";

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** All that a run calls for; tests leave out one rule at a time. */
export const RIGHTS = {
  read: { apiGroups: ["*"], resources: ["*"], verbs: ["get", "list", "watch"] },
  namespaces: { apiGroups: [""], resources: ["namespaces"], verbs: ["create", "delete"] },
  jobs: { apiGroups: ["batch"], resources: ["jobs"], verbs: ["create", "delete"] },
  pods: { apiGroups: [""], resources: ["pods"], verbs: ["create", "delete"] },
  exec: { apiGroups: [""], resources: ["pods/exec"], verbs: ["create", "get"] },
  policies: { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"], verbs: ["create", "delete"] },
} satisfies Readonly<Record<string, Rule>>;

/** The kubeconfig of a user who has all rights of a run but those. */
export async function userWithout(cluster: TestCluster, ...missing: (keyof typeof RIGHTS)[]): Promise<string> {
  const namespace = await cluster.namespace();
  const account = { kind: "ServiceAccount", name: "default", namespace };
  const rules = Object.entries(RIGHTS)
    .filter(([name]) => !missing.some((other) => other === name))
    .map(([, rule]) => rule);
  const group = "rbac.authorization.k8s.io";
  await cluster.make(`/apis/${group}/v1/clusterroles`, {
    apiVersion: `${group}/v1`,
    kind: "ClusterRole",
    metadata: { name: namespace },
    rules,
  });
  await cluster.make(`/apis/${group}/v1/clusterrolebindings`, {
    apiVersion: `${group}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { name: namespace },
    roleRef: { apiGroup: group, kind: "ClusterRole", name: namespace },
    subjects: [account],
  });
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/default/token`;
  const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 3600 } };
  const { status } = await cluster.post(path, request);
  return kubeconfigOf((status as { token: string }).token);
}

function kubeconfigOf(token: string): string {
  const current = new KubeConfig();
  current.loadFromDefault();
  const { server, caData, caFile, skipTLSVerify } = current.getCurrentCluster() ?? {};
  const cluster = {
    server,
    ...(caData === undefined ? {} : { "certificate-authority-data": caData }),
    ...(caFile === undefined ? {} : { "certificate-authority": caFile }),
    ...(skipTLSVerify ? { "insecure-skip-tls-verify": true } : {}),
  };
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "limited",
    contexts: [{ name: "limited", context: { cluster: "it", user: "limited" } }],
    clusters: [{ name: "it", cluster }],
    users: [{ name: "limited", user: { token } }],
  });
}

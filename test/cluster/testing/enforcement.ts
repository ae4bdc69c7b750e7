import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { Exec, KubeConfig } from "@kubernetes/client-node";
import { IMAGE, type TestCluster, until } from "./cluster.ts";

const PORT = 8080;
const TRIES = 10;

/**
 * Whether a deny-all policy keeps a TCP handshake from succeeding: two pods, one connection, without and with the policy.
 * It takes nothing of the program but the agent's image.
 */
export async function findEnforcement(cluster: TestCluster): Promise<"none" | "enforced"> {
  const namespace = await cluster.namespace({ "pod-security.kubernetes.io/enforce": "restricted" });
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  for (const name of ["server", "client"]) await cluster.make(pods, pod(name));
  const address = await runningAddress(cluster, `${pods}/server`);
  await runningAddress(cluster, `${pods}/client`);
  await until("the connection without a policy", async () => (await connects(namespace, address)) || undefined);
  await cluster.make(`/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`, {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "deny-all", namespace },
    spec: { podSelector: {}, policyTypes: ["Ingress"] },
  });
  for (let tries = 0; tries < TRIES; tries++) if (!(await connects(namespace, address))) return "enforced";
  return "none";
}

async function runningAddress(cluster: TestCluster, path: string): Promise<string> {
  return until(`${path} to run`, async () => {
    const { status } = (await cluster.get(path)) as { status: { phase?: string; podIP?: string } };
    return status.phase === "Running" ? status.podIP : undefined;
  });
}

/** One handshake from the client pod, by a session of the agent's protocol, with a second's patience. */
async function connects(namespace: string, address: string): Promise<boolean> {
  const config = new KubeConfig();
  config.loadFromDefault();
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const socket = await new Exec(config).exec(
    namespace,
    "client",
    "probe",
    ["/netproof-probe", "session"],
    stdout,
    null,
    stdin,
    false,
  );
  const probe = { id: 1, protocol: "TCP", address, port: PORT, sourcePort: 0, nonce: "0".repeat(32), handshake: true };
  const lines = [
    { type: "open", protocol: 1, key: "0".repeat(64), deadlineMs: 30_000, heartbeatMs: 1000 },
    { type: "batch", batch: 1, timeoutMs: 1000, probes: [probe] },
  ];
  stdin.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  try {
    for await (const text of createInterface({ input: stdout })) {
      const line = JSON.parse(text) as { type: string; outcome?: string };
      if (line.type === "result") return line.outcome === "handshake" || line.outcome === "answered";
    }
    throw new Error("the session ended without a result");
  } finally {
    socket.close();
  }
}

function pod(name: string): Record<string, unknown> {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: {
      terminationGracePeriodSeconds: 0,
      activeDeadlineSeconds: 300,
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "probe",
          image: IMAGE,
          args: ["serve", "--tcp", String(PORT), "--deadline", "300s"],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        },
      ],
    },
  };
}

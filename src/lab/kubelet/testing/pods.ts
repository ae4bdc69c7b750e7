import type { KubeObject } from "../../contracts.ts";

/** A pod as the API server stores it, with what a test gives. */
export function podObject(given: { metadata?: object; spec?: object; status?: object } = {}): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "web",
      namespace: "shop",
      uid: "0b2c",
      resourceVersion: "1",
      creationTimestamp: "2026-01-01T00:00:00Z",
      ...given.metadata,
    },
    spec: { restartPolicy: "Never", containers: [agentContainer()], ...given.spec },
    status: { phase: "Pending", ...given.status },
  };
}

export function agentContainer(given: object = {}): object {
  return {
    name: "probe",
    image: "localhost/netproof-probe:0.1.0",
    args: ["serve", "--tcp", "80", "--health", "61001"],
    env: [{ name: "POD_UID", valueFrom: { fieldRef: { fieldPath: "metadata.uid" } } }],
    readinessProbe: { tcpSocket: { port: 61001 }, periodSeconds: 1 },
    ...given,
  };
}

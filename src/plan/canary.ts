import type { ClusterState, Labels } from "../snapshot/index.ts";
import type { ConnectionTable } from "./connection-table.ts";
import { type End, insideEnd } from "./ends.ts";
import type { PlannedConnection, PlannedPod } from "./model.ts";
import type { PortOfInterest } from "./ports.ts";
import type { Topology } from "./topology.ts";

/**
 * The differential canary: equal clients, of which a policy denies one. If the denied one connects as well, this cluster
 * does not enforce that direction, whatever the rest of the run shows. Its policies are applied together with the user's.
 */
export interface Canary {
  readonly namespace: string;
  readonly pods: readonly PlannedPod[];
  readonly policies: readonly Readonly<Record<string, unknown>>[];
  readonly port: number;
  /** For each direction the connection that must go on and the one that must be blocked, as pod names. */
  readonly ingress: Differential;
  readonly egress: Differential;
}

export interface Differential {
  readonly open: readonly [source: string, destination: string];
  readonly blocked: readonly [source: string, destination: string];
}

/** Placed in a namespace of its own that no policy of the files mentions. */
export function planCanary(topology: Pick<Topology, "namespaces" | "ports">): Canary {
  const taken = new Set(topology.namespaces.map(({ name }) => name));
  let namespace = "netproof-canary";
  for (let i = 2; taken.has(namespace); i++) namespace = `netproof-canary-${i}`;
  const pod = (name: string): PlannedPod => ({
    namespace,
    name,
    labels: { [LABEL]: name },
    ports: [],
    role: "bystander",
    why: "canary",
  });
  return {
    namespace,
    pods: ["listener", "permitted", "denied", "confined"].map(pod),
    policies: [
      policy(namespace, "ingress", {
        podSelector: select("listener"),
        policyTypes: ["Ingress"],
        ingress: [{ from: [{ podSelector: select("permitted") }] }],
      }),
      policy(namespace, "egress", { podSelector: select("confined"), policyTypes: ["Egress"] }),
    ],
    port: topology.ports.unmentioned ?? topology.ports.probed[0]?.port ?? topology.ports.health + 1,
    ingress: { open: ["permitted", "listener"], blocked: ["denied", "listener"] },
    egress: { open: ["permitted", "denied"], blocked: ["confined", "denied"] },
  };
}

export function planCanaryRows(
  table: ConnectionTable,
  state: ClusterState,
  canary: Canary,
): readonly PlannedConnection[] {
  const row = ([from, to]: Differential["open"]): PlannedConnection[] => {
    const [source, destination] = [canaryEnd(state, canary, from), canaryEnd(state, canary, to)];
    return source && destination ? [table.row(source, destination, { on: portOf(canary), purpose: "canary" })] : [];
  };
  return [canary.ingress, canary.egress].flatMap(({ open, blocked }) => [...row(open), ...row(blocked)]);
}

/** A pod that no policy isolates talks with every address outside: so that a silence there is no silence of the host. */
export function planControls(
  table: ConnectionTable,
  { state, canary, outside }: { state: ClusterState; canary: Canary; outside: readonly End[] },
): readonly PlannedConnection[] {
  const free = canaryEnd(state, canary, canary.ingress.open[0]);
  return free === undefined
    ? []
    : outside.map((host) => table.row(free, host, { on: portOf(canary), purpose: "control" }));
}

function canaryEnd(state: ClusterState, canary: Canary, name: string): End | undefined {
  return state.pods.filter((pod) => pod.namespace === canary.namespace && pod.name === name).flatMap(insideEnd)[0];
}

function portOf({ port }: Canary): PortOfInterest {
  return { protocol: "TCP", port };
}

const LABEL = "netproof.dev/canary";

function select(name: string): { matchLabels: Labels } {
  return { matchLabels: { [LABEL]: name } };
}

function policy(namespace: string, name: string, spec: object): Readonly<Record<string, unknown>> {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { namespace, name: `canary-${name}` },
    spec,
  };
}

import type { ClusterState } from "../snapshot/index.ts";
import type { ConnectionTable } from "./connection-table.ts";
import { type End, insideEnds } from "./ends.ts";
import type { PlannedConnection, PlannedPod } from "./model.ts";
import type { Placement } from "./placement.ts";
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

/**
 * Placed in a namespace of its own that no policy of the files mentions; within a namespace of somebody else's, under
 * labels that the run's other policies do not select. Policies add up: there a third opens what a policy that is there
 * already closes, so that each denial has one reason only.
 */
export function planCanary(
  topology: Pick<Topology, "namespaces" | "policyNamespaces" | "ports">,
  placement: Placement,
): Canary {
  const isWithin = placement.kind === "within";
  const namespace = isWithin ? (topology.policyNamespaces[0] ?? "default") : freeNamespace(topology);
  const mark = isWithin ? `${placement.runId}-` : "";
  const name = (part: string): string => (isWithin ? `netproof-canary-${part}` : part);
  const select = (...parts: readonly string[]): object => ({
    matchExpressions: [{ key: LABEL, operator: "In", values: parts.map((part) => mark + part) }],
  });
  const policy = (part: string, spec: object): Canary["policies"][number] => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { namespace, name: `netproof-canary-${part}` },
    spec,
  });
  const pod = (part: string): PlannedPod => ({
    namespace,
    name: name(part),
    labels: { [LABEL]: mark + part },
    ports: [],
    role: "bystander",
    why: "canary",
  });
  const pair = (from: string, to: string) => [name(from), name(to)] as const;
  return {
    namespace,
    // Pods are dealt to the nodes in this order: the two that are isolated stand on different ones, if there are two.
    pods: ["listener", "confined", "permitted", "denied"].map(pod),
    policies: [
      policy("ingress", {
        podSelector: select("listener"),
        policyTypes: ["Ingress"],
        ingress: [{ from: [{ podSelector: select("permitted") }] }],
      }),
      // With a rule, so that it denies even where `policyTypes` is not understood.
      policy("egress", {
        podSelector: select("confined"),
        policyTypes: ["Egress"],
        egress: [{ to: [{ podSelector: select("permitted") }] }],
      }),
      ...(isWithin ? [policy("open", { podSelector: select("permitted", "denied"), ...EVERYTHING })] : []),
    ],
    port: topology.ports.unmentioned ?? topology.ports.probed[0]?.port ?? topology.ports.health + 1,
    ingress: { open: pair("permitted", "listener"), blocked: pair("denied", "listener") },
    egress: { open: pair("permitted", "denied"), blocked: pair("confined", "denied") },
  };
}

function freeNamespace({ namespaces }: Pick<Topology, "namespaces">): string {
  const taken = new Set(namespaces.map(({ name }) => name));
  let namespace = "netproof-canary";
  for (let i = 2; taken.has(namespace); i++) namespace = `netproof-canary-${i}`;
  return namespace;
}

export function planCanaryRows(
  table: ConnectionTable,
  state: ClusterState,
  canary: Canary,
): readonly PlannedConnection[] {
  const row = ([from, to]: Differential["open"]): PlannedConnection[] => {
    const [[source], [destination]] = [canaryEnds(state, canary, from), canaryEnds(state, canary, to)];
    return source && destination ? [table.row(source, destination, { on: portOf(canary), purpose: "canary" })] : [];
  };
  return [canary.ingress, canary.egress].flatMap(({ open, blocked }) => [...row(open), ...row(blocked)]);
}

/** A pod that no policy isolates talks with every address outside: so that a silence there is no silence of the host. */
export function planControls(
  table: ConnectionTable,
  { state, canary, outside }: { state: ClusterState; canary: Canary; outside: readonly End[] },
): readonly PlannedConnection[] {
  const free = canaryEnds(state, canary, canary.ingress.open[0]);
  return outside.flatMap((host) =>
    free
      .filter(({ family }) => family === host.family)
      .map((end) => table.row(end, host, { on: host.only ?? portOf(canary), purpose: "control" })),
  );
}

function canaryEnds(state: ClusterState, canary: Canary, name: string): readonly End[] {
  return state.pods.filter((pod) => pod.namespace === canary.namespace && pod.name === name).flatMap(insideEnds);
}

function portOf({ port }: Canary): PortOfInterest {
  return { protocol: "TCP", port };
}

const LABEL = "netproof.dev/canary";
const EVERYTHING = { policyTypes: ["Ingress", "Egress"], ingress: [{}], egress: [{}] };

import { existsSync } from "node:fs";
import { arch, release } from "node:os";
import { Readable } from "node:stream";
import { UserError } from "../errors/index.ts";
import { type ApiServerOptions, LAB_VERSION, startApiServer } from "./api/index.ts";
import type { KubeObject, LabEnvironmentFault, LabFault } from "./contracts.ts";
import { type Denial, startEnforcement } from "./enforcement/index.ts";
import { breakLater, isEnvironmentFault, kubeletFaults } from "./environment-faults.ts";
import { type Kubelet, startKubelet } from "./kubelet.ts";
import { nodeAddresses, openNetwork, podCidrs, processThatCannotStart } from "./network/index.ts";
import { startServices } from "./services/index.ts";
import { createStore, type LabStore } from "./store.ts";
import { Teardown } from "./teardown.ts";

export interface LabSpec {
  readonly nodes: number;
  readonly faults: readonly (LabFault | LabEnvironmentFault)[];
  /** What a denied packet meets: silence, or an ICMP error. */
  readonly denial: Denial;
  /** Whether pods have an IPv6 address beside their IPv4 one. */
  readonly isDual?: boolean;
  /** The probe agent's binary for this machine. */
  readonly agentPath: string;
}

export interface StartedLab extends AsyncDisposable {
  /** With address, certificate and token: all that is needed to use the lab. */
  readonly kubeconfig: string;
  /** By their names. */
  readonly nodes: readonly string[];
  /** Ends with the reason when the lab can no longer be trusted: its network is gone, or rules could not be applied. */
  readonly broken: Promise<string>;
}

/** Starts an embedded cluster. Throws a UserError where the machine cannot have one; a failed start leaves nothing. */
export async function startLab(spec: LabSpec, signal: AbortSignal): Promise<StartedLab> {
  const teardown = new Teardown();
  try {
    const lab = await open(spec, teardown, signal);
    return { ...lab, [Symbol.asyncDispose]: () => teardown[Symbol.asyncDispose]() };
  } catch (error) {
    await teardown[Symbol.asyncDispose]();
    throw error;
  }
}

async function open(
  { nodes, faults, denial, isDual = false, agentPath }: LabSpec,
  teardown: Teardown,
  signal: AbortSignal,
): Promise<Pick<StartedLab, "kubeconfig" | "nodes" | "broken">> {
  if (isDual && !existsSync("/proc/sys/net/ipv6")) {
    throw new UserError("NO_IPV6", "The lab cannot have IPv6: this kernel has none", {
      hint: "Prove with --lab-stack ipv4, or on a machine with IPv6",
    });
  }
  const environmentFaults = faults.filter(isEnvironmentFault);
  const families = isDual ? (["IPv4", "IPv6"] as const) : (["IPv4"] as const);
  const store = createStore();
  const running: { kubelet?: Kubelet } = {};
  const [network, api] = await bothOrNeither(
    openNetwork({ nodes, agentPath }, signal).then((opened) => teardown.use(opened)),
    startApiServer({ store, families, ...podAccess(running) }, signal).then((started) => teardown.use(started)),
  );
  for (const [index, name] of network.nodes.entries()) registerNode(store, name, index + 1);
  const enforcement = teardown.use(startEnforcement({ store, network, faults, denial }, signal));
  const services = teardown.use(startServices({ store, network, families }, signal));
  // A pod starts under the policies that hold for it, as a careful plugin sees to; a slow one does not.
  const isCareful = !faults.includes("slow-programming");
  const beforeStart = isCareful ? { beforeStart: () => enforcement.settled() } : {};
  const kubelet = startKubelet(
    { store, network, faults: kubeletFaults(environmentFaults), families, ...beforeStart },
    signal,
  );
  running.kubelet = teardown.use(kubelet);
  teardown.defer(breakLater(environmentFaults, { store, kubelet, network, api }));
  const broken = Promise.race([
    network.gone.then(() => "its network is gone"),
    enforcement.failure.then(({ message }) => message),
    services.failure.then(({ message }) => message),
  ]);
  return { kubeconfig: api.kubeconfig, nodes: network.nodes, broken };
}

/** What the API server needs of the kubelet, which starts later. */
function podAccess(running: { readonly kubelet?: Kubelet }): Pick<ApiServerOptions, "exec" | "logs"> {
  const at = ({ metadata }: KubeObject) => [metadata.namespace ?? "", metadata.name] as const;
  return {
    exec: (pod, container, argv) =>
      running.kubelet?.exec(...at(pod), container, argv) ?? processThatCannotStart("the lab is starting"),
    logs: (pod, container, options) => running.kubelet?.logs(...at(pod), container, options) ?? Readable.from([]),
  };
}

/** Where one fails the other is waited for all the same, so that it can be closed. */
async function bothOrNeither<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return Promise.all([first, second]);
}

function registerNode(store: LabStore, name: string, number: number): void {
  const [podCIDR, podCIDR6] = podCidrs(number);
  const [address] = nodeAddresses(number);
  store.create({
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels: { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux" } },
    spec: { podCIDR, podCIDRs: [podCIDR, podCIDR6] },
    status: {
      addresses: [
        { type: "InternalIP", address },
        { type: "Hostname", address: name },
      ],
      conditions: [{ type: "Ready", status: "True", reason: "KubeletReady" }],
      nodeInfo: {
        architecture: arch() === "x64" ? "amd64" : arch(),
        containerRuntimeVersion: "netproof-lab://namespaces",
        kernelVersion: release(),
        kubeletVersion: LAB_VERSION,
        operatingSystem: "linux",
        osImage: "netproof lab",
      },
    },
  });
}

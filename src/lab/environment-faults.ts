import type { ApiServer } from "./api/index.ts";
import type { KubeObject, LabEnvironmentFault, LabFault, LabNetwork, Store } from "./contracts.ts";
import { LAB_ENVIRONMENT_FAULTS } from "./contracts.ts";
import type { Kubelet, KubeletFaults } from "./kubelet.ts";

/** How long after the first policy was stored something breaks: while its effect is being watched. */
const BREAKS_AFTER_MS = 300;

export function isEnvironmentFault(fault: LabFault | LabEnvironmentFault): fault is LabEnvironmentFault {
  return LAB_ENVIRONMENT_FAULTS.some((known) => known === fault);
}

/** What is wrong with one pod from its beginning. */
export function kubeletFaults(faults: readonly LabEnvironmentFault[]): KubeletFaults {
  let victim: string | undefined;
  const isVictim = (pod: KubeObject): boolean => {
    if (isBystander(pod)) return false;
    victim ??= pod.metadata.uid;
    return pod.metadata.uid === victim;
  };
  return {
    ...(faults.includes("pod-never-starts") ? { neverStarts: isVictim } : {}),
    ...(faults.includes("listener-missing")
      ? { changeCommand: (pod, argv) => (isVictim(pod) ? withoutFirstTcpPort(argv) : argv) }
      : {}),
  };
}

/** What breaks in the middle of things, once policies have been stored. */
export function breakLater(
  faults: readonly LabEnvironmentFault[],
  lab: { store: Store; kubelet: Kubelet; network: LabNetwork; api: ApiServer },
): () => void {
  let timer: NodeJS.Timeout | undefined;
  const stop = lab.store.onChange("NetworkPolicy", ({ type }) => {
    if (type !== "ADDED" || timer !== undefined) return;
    timer = setTimeout(() => {
      for (const fault of faults) breakNow(fault, lab);
    }, BREAKS_AFTER_MS);
  });
  return () => {
    stop();
    clearTimeout(timer);
  };
}

function breakNow(
  fault: LabEnvironmentFault,
  { store, kubelet, network, api }: Parameters<typeof breakLater>[1],
): void {
  const pod = store.list("Pod").find((candidate) => !isBystander(candidate));
  const { namespace = "", name = "" } = pod?.metadata ?? {};
  switch (fault) {
    case "agent-killed":
      kubelet.killPod(namespace, name);
      return;
    case "exec-cut":
      kubelet.cutExec(namespace, name);
      return;
    case "interface-down":
      void network.setInterfaceDown(kubelet.networkId(namespace, name) ?? "");
      return;
    case "api-away":
      void api.close();
      return;
    case "pod-never-starts":
    case "listener-missing":
    case "packet-loss": // from the beginning, by the nodes' rules
      return;
  }
}

/** The canary's pods and the outside host stay whole, so that a fault meets what is being proven. */
function isBystander({ metadata }: KubeObject): boolean {
  return metadata.namespace?.startsWith("netproof-canary") === true;
}

function withoutFirstTcpPort(argv: readonly string[]): readonly string[] {
  const index = argv.indexOf("--tcp") + 1;
  return argv.map((word, at) => (at === index && index > 0 ? word.replace(/^\d+(-(\d+))?,?/, "") || "1" : word));
}

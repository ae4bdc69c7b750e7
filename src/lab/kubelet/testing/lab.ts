import { arch } from "node:process";
import type { KubeObject, LabNetwork } from "../../contracts.ts";
import { type Kubelet, type KubeletOptions, startKubelet } from "../../kubelet.ts";
import { openNetwork } from "../../network/index.ts";
import { createStore, type LabStore } from "../../store.ts";
import { agentContainer } from "./pods.ts";

export interface TestLab extends AsyncDisposable {
  readonly store: LabStore;
  readonly network: LabNetwork;
  readonly kubelet: Kubelet;
  create(name: string, given?: { metadata?: object; spec?: object; container?: object }): void;
  get(name: string): KubeObject | undefined;
  /** The pod, once it is as wanted; undefined if it is gone first. */
  until(name: string, isWanted: (pod: KubeObject) => boolean, patienceMs?: number): Promise<KubeObject | undefined>;
  delete(name: string): void;
}

const NAMESPACE = "shop";

/** Everything of the lab but its API and its enforcement. */
export async function startTestLab(agentPath: string, options: Partial<KubeletOptions> = {}): Promise<TestLab> {
  const { signal } = new AbortController();
  const network = await openNetwork({ nodes: 2, agentPath }, signal);
  const store = createStore();
  const kubelet = startKubelet({ store, network, ...options }, signal);
  return {
    store,
    network,
    kubelet,
    create(name, { metadata = {}, spec = {}, container = {} } = {}) {
      store.create({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name, namespace: NAMESPACE, generation: 1, ...metadata },
        spec: { restartPolicy: "Never", containers: [agentContainer(container)], ...spec },
        status: { phase: "Pending" },
      });
    },
    get: (name) => store.get("Pod", NAMESPACE, name),
    until: (name, isWanted, patienceMs = 15_000) => until(store, name, { isWanted, patienceMs }),
    delete(name) {
      store.update("Pod", NAMESPACE, name, (pod) => ({
        ...pod,
        metadata: { ...pod.metadata, deletionTimestamp: "2026-01-01T00:00:00Z", deletionGracePeriodSeconds: 0 },
      }));
    },
    async [Symbol.asyncDispose]() {
      await kubelet[Symbol.asyncDispose]();
      await network[Symbol.asyncDispose]();
    },
  };
}

function until(store: LabStore, name: string, wish: { isWanted: (pod: KubeObject) => boolean; patienceMs: number }) {
  return new Promise<KubeObject | undefined>((resolve, reject) => {
    const look = () => {
      const pod = store.get("Pod", NAMESPACE, name);
      if (pod !== undefined && !wish.isWanted(pod)) return;
      stop();
      clearTimeout(timer);
      resolve(pod);
    };
    const timer = setTimeout(() => {
      stop();
      reject(new Error(`pod "${name}" is still ${JSON.stringify(store.get("Pod", NAMESPACE, name)?.status)}`));
    }, wish.patienceMs);
    const stop = store.onChange("Pod", look);
    look();
  });
}

export interface Agent {
  readonly path: string;
  /** Why there is none; empty where there is one. */
  readonly missing: string;
}

type Build = (arch: string, say: (line: string) => void) => Promise<string>;

/** The agent of this checkout, or the reason why there is none. */
export async function buildAgent(): Promise<Agent> {
  const script = new URL("../../../../scripts/build.mjs", import.meta.url).href;
  try {
    const { buildAgent } = (await import(script)) as { buildAgent: Build };
    return { path: await buildAgent(arch === "x64" ? "amd64" : arch, () => {}), missing: "" };
  } catch (error) {
    return { path: "", missing: error instanceof Error ? error.message : String(error) };
  }
}

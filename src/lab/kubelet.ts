import { Readable } from "node:stream";
import { setImmediate as breathe } from "node:timers/promises";
import type { Change, Family, KubeObject, LabNetwork, LabProcess, Store } from "./contracts.ts";
import type { LogOptions } from "./kubelet/log-buffer.ts";
import { createPodNetwork, messageOf } from "./kubelet/pod-network.ts";
import { createPodRun, type PodRun } from "./kubelet/pod-run.ts";
import { type PodSpec, readPodSpec } from "./kubelet/pod-spec.ts";
import { startProber } from "./kubelet/prober.ts";
import { bound, OUTSIDE, place } from "./kubelet/scheduler.ts";
import { nodeAddresses, processThatCannotStart } from "./network/index.ts";

export interface KubeletOptions {
  readonly store: Store;
  readonly network: LabNetwork;
  /** The pods' addresses, one of each, the first the pod's own `podIP`. IPv4 alone if absent. */
  readonly families?: readonly Family[];
  /** Waited for after pods have their addresses in the store, and before anything runs in them. */
  readonly beforeStart?: () => Promise<void>;
  readonly faults?: KubeletFaults;
  readonly now?: () => Date;
  /** From 0 to 1. */
  readonly random?: () => number;
}

/** What can be wrong with the environment of a pod from its beginning. */
export interface KubeletFaults {
  /** Its containers stay in ContainerCreating. */
  readonly neverStarts?: (pod: KubeObject) => boolean;
  /** It runs something else than its spec says, such as an agent that lacks a listener. */
  readonly changeCommand?: (pod: KubeObject, argv: readonly string[]) => readonly string[];
}

/** The kubelets of all nodes and the scheduler, in one. */
export interface Kubelet extends AsyncDisposable {
  /** @param container the first one if undefined */
  exec(namespace: string, pod: string, container: string | undefined, argv: readonly string[]): LabProcess;
  logs(namespace: string, pod: string, container: string | undefined, options?: LogOptions): Readable;
  /** The pod's name inside the network. */
  networkId(namespace: string, pod: string): string | undefined;
  /** Kills the processes of its containers, as the kernel would for want of memory. */
  killPod(namespace: string, pod: string): void;
  /** Kills what runs in it by `exec`. */
  cutExec(namespace: string, pod: string): void;
}

/** A pod that has been bound to a node. */
interface Entry {
  readonly spec: PodSpec;
  readonly run: PodRun;
  /** Ends when the pod is wired, or is known not to be. Never rejects. */
  wiring: Promise<void>;
  released?: Promise<void>;
}

export function startKubelet(options: KubeletOptions, signal: AbortSignal): Kubelet {
  const { store, network, faults = {}, random = Math.random, beforeStart = async () => {} } = options;
  const now = () => `${(options.now?.() ?? new Date()).toISOString().slice(0, 19)}Z`;
  const podNetwork = createPodNetwork(network, options.families ?? ["IPv4"]);
  const probers = new Map(network.nodes.map((node) => [node, startProber(network, node)]));
  const entries = new Map<string, Entry>();
  const unscheduled = new Set<string>();
  let placed = 0;
  let starting: Promise<unknown> = Promise.resolve();

  function reconcile(pod: KubeObject): void {
    const spec = readPodSpec(pod);
    const { deletionTimestamp } = pod.metadata;
    const entry = entries.get(spec.uid);
    if (entry !== undefined) {
      if (deletionTimestamp !== undefined) void finish(entry);
      // Others write the conditions that open a readiness gate.
      else if (spec.readinessGates.length > 0) entry.run.report();
    } else if (deletionTimestamp === undefined) {
      if (spec.nodeName === undefined) schedule(pod, spec);
      else if (spec.nodeName === OUTSIDE || network.nodes.includes(spec.nodeName)) begin(pod, spec, spec.nodeName);
    }
  }

  function schedule({ metadata }: KubeObject, spec: PodSpec): void {
    const placement = place(spec, podNetwork.rooms(), { nodes: store.list("Node"), turn: placed });
    if (placement.kind === "unschedulable") unscheduled.add(metadata.uid);
    else unscheduled.delete(metadata.uid);
    if (placement.kind === "node") placed += 1;
    store.update("Pod", spec.namespace, spec.name, (stored) => bound(stored, placement, now()));
  }

  function begin(pod: KubeObject, spec: PodSpec, node: string): void {
    const [address = ""] = node === OUTSIDE ? spec.outside : nodeAddresses(network.nodes.indexOf(node) + 1);
    // Nobody's kubelet looks after an outside host, so the first node's does.
    const prober = probers.get(node) ?? [...probers.values()][0];
    const run = createPodRun(pod, {
      store,
      network,
      hostIP: address,
      now,
      random,
      probe: async (target) => prober?.probe(target),
      changeCommand: faults.changeCommand ?? ((_, argv) => argv),
      onOver: () => void release(entry),
    });
    const entry: Entry = { spec, run, wiring: Promise.resolve() };
    entries.set(spec.uid, entry);
    run.report();
    if (faults.neverStarts?.(pod)) return;
    if (spec.isHostNetwork && node !== OUTSIDE) run.unwired("the lab has no pods on the network of a node");
    else entry.wiring = bringUp(entry, node);
  }

  async function bringUp({ spec, run }: Entry, node: string): Promise<void> {
    try {
      run.wired(await podNetwork.join(spec, node));
      void start(run);
    } catch (error) {
      run.unwired(messageOf(error));
    }
  }

  async function start(run: PodRun): Promise<void> {
    try {
      await beforeStart();
    } catch (error) {
      return run.unwired(messageOf(error));
    }
    // To start a process blocks this one for milliseconds; between two of them others get their turn.
    starting = starting.then(() => {
      run.startContainers();
      return breathe();
    });
  }

  /** Takes a pod off the network; what it has said and how it ended stays known. */
  function release(entry: Entry): Promise<void> {
    entry.released ??= (async () => {
      await entry.run.stop();
      await entry.wiring;
      await podNetwork.leave(entry.spec).catch(() => {}); // the network is gone, and the pod with it
      for (const pod of store.list("Pod")) if (unscheduled.has(pod.metadata.uid)) reconcile(pod);
    })();
    return entry.released;
  }

  async function finish(entry: Entry): Promise<void> {
    const { uid, namespace, name } = entry.spec;
    entry.run.forget();
    await release(entry);
    entries.delete(uid);
    if (store.get("Pod", namespace, name)?.metadata.uid === uid) store.remove("Pod", namespace, name);
  }

  function notice({ type, object }: Change): void {
    const entry = entries.get(object.metadata.uid);
    if (type !== "DELETED") reconcile(object);
    else if (entry !== undefined) void finish(entry);
    else unscheduled.delete(object.metadata.uid);
  }

  function find(namespace: string, name: string): Entry | undefined {
    return entries.get(store.get("Pod", namespace, name)?.metadata.uid ?? "");
  }

  async function close(): Promise<void> {
    signal.removeEventListener("abort", close);
    unwatch();
    for (const prober of probers.values()) prober.stop();
    // Their processes die with the network at the latest; nobody needs to see each of them off.
    for (const { run } of entries.values()) void run.stop();
  }

  const unwatch = store.onChange("Pod", notice);
  signal.addEventListener("abort", close);
  for (const pod of store.list("Pod")) reconcile(pod);
  return {
    exec(namespace, pod, container, argv) {
      const started = find(namespace, pod)?.run.exec(container, argv);
      return started ?? processThatCannotStart(`container "${container ?? pod}" is not running`);
    },
    logs(namespace, pod, container, logOptions = { follow: false }) {
      return find(namespace, pod)?.run.log(container)?.read(logOptions) ?? Readable.from([]);
    },
    networkId: (namespace, pod) => find(namespace, pod)?.spec.uid,
    killPod: (namespace, pod) => find(namespace, pod)?.run.kill(),
    cutExec: (namespace, pod) => find(namespace, pod)?.run.cutExecs(),
    [Symbol.asyncDispose]: close,
  };
}

import type { Family, LabNetwork } from "../contracts.ts";
import { keepProgrammed, type Programmed } from "../programming-loop.ts";
import type { LabStore } from "../store.ts";
import { tendEndpointSlices } from "./endpoints-controller.ts";
import { type ProxyCluster, renderProxyRules } from "./proxy-rules.ts";

export interface ServicesOptions {
  readonly store: LabStore;
  readonly network: Pick<LabNetwork, "nodes" | "applyRules">;
  /** Of the pods. */
  readonly families: readonly Family[];
}

const NO_SERVICES: ProxyCluster = { services: [], slices: [] };

/** Keeps endpoints and rules up with the store until `signal` aborts or it is disposed of. */
export function startServices({ store, network, families }: ServicesOptions, signal: AbortSignal): Programmed {
  const controller = tendEndpointSlices(store);
  signal.addEventListener("abort", controller.stop, { once: true });
  const proxy = keepProgrammed(
    {
      purpose: "translate Services",
      nodes: network.nodes,
      // A lab without Services need not wait for rules that would do nothing.
      initial: renderProxyRules({ node: "", families, ...NO_SERVICES }),
      delayMs: 0,
      store,
      kinds: ["Service", "EndpointSlice"],
      read: () => ({ services: store.list("Service"), slices: store.list("EndpointSlice") }),
      render: (node: string, cluster: ProxyCluster) => renderProxyRules({ node, families, ...cluster }),
      apply: (node: string, script: string) => network.applyRules(node, script),
    },
    signal,
  );
  return {
    ...proxy,
    settled() {
      controller.flush();
      return proxy.settled();
    },
    async [Symbol.asyncDispose]() {
      signal.removeEventListener("abort", controller.stop);
      controller.stop();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

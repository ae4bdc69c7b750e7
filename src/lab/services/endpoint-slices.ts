import { createHash } from "node:crypto";
import { isIPv4, isIPv6 } from "node:net";
import type { Family, KubeObject } from "../contracts.ts";
import { type Fields, fieldsOf, itemsOf } from "../raw-json.ts";
import { sortedByName } from "../sorted.ts";
import type { Draft } from "../store.ts";

export const SERVICE_NAME = "kubernetes.io/service-name";
const MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
const CONTROLLER = "endpointslice-controller.k8s.io";
const HEADLESS = "service.kubernetes.io/headless";
const MOST_ENDPOINTS = 100;
const SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789";

interface Port {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
}

/** Endpoints of one family with the same ports; a named target may be another number on each pod. */
interface Group {
  readonly ports: readonly Port[];
  readonly endpoints: readonly object[];
}

export function isManaged({ metadata }: KubeObject): boolean {
  return metadata.labels?.[MANAGED_BY] === CONTROLLER;
}

/** The EndpointSlices that these Services should have. Of a Service without a selector nobody knows the endpoints. */
export function planSlices(services: readonly KubeObject[], pods: readonly KubeObject[]): readonly Draft[] {
  const sorted = sortedByName(pods);
  return services.flatMap((service) => {
    const selector = Object.entries(fieldsOf(fieldsOf(service.spec).selector));
    if (selector.length === 0) return [];
    const selected = sorted.filter(
      ({ metadata: { namespace, labels = {} } }) =>
        namespace === service.metadata.namespace &&
        selector.every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value),
    );
    const families = itemsOf(fieldsOf(service.spec).ipFamilies) as readonly Family[];
    return families.flatMap((family) => slicesOf(service, family, selected));
  });
}

function slicesOf(service: KubeObject, family: Family, pods: readonly KubeObject[]): readonly Draft[] {
  const groups = new Map<string, { ports: readonly Port[]; endpoints: object[] }>();
  for (const pod of pods) {
    const address = addressOf(pod, family);
    if (address === undefined) continue;
    const ports = portsOn(pod, service);
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    group.endpoints.push(endpointOf(pod, service, address));
    groups.set(key, group);
  }
  // Where there are none, a slice says so.
  if (groups.size === 0) return [slice(service, family, { ports: [], endpoints: [] }, 0)];
  return [...groups.values()].flatMap(({ ports, endpoints }) =>
    Array.from({ length: Math.ceil(endpoints.length / MOST_ENDPOINTS) }, (_, part) => {
      const some = endpoints.slice(part * MOST_ENDPOINTS, (part + 1) * MOST_ENDPOINTS);
      return slice(service, family, { ports, endpoints: some }, part);
    }),
  );
}

/** Pods that are finished, or not wired yet, have no address to send anything to. */
function addressOf(pod: KubeObject, family: Family): string | undefined {
  const { phase, podIPs } = fieldsOf(pod.status);
  if (phase === "Succeeded" || phase === "Failed") return undefined;
  const isOfFamily = family === "IPv4" ? isIPv4 : (text: string) => isIPv6(text) && !text.includes("%");
  return itemsOf(podIPs)
    .map((item) => String(fieldsOf(item).ip))
    .find(isOfFamily);
}

function portsOn(pod: KubeObject, service: KubeObject): readonly Port[] {
  return itemsOf(fieldsOf(service.spec).ports).flatMap((item) => {
    const { name = "", protocol, targetPort } = fieldsOf(item);
    const port = typeof targetPort === "string" ? namedPort(pod, targetPort, protocol) : targetPort;
    if (!isPort(port)) return []; // the pod declares no port of that name
    return [{ name: String(name), port, protocol: String(protocol) }];
  });
}

/** The first of that name and protocol; a restartable init container goes on beside the others, so its ports count. */
function namedPort(pod: KubeObject, name: string, protocol: unknown): unknown {
  const { containers, initContainers } = fieldsOf(pod.spec);
  const sidecars = itemsOf(initContainers).filter((item) => fieldsOf(item).restartPolicy === "Always");
  const ports = [...itemsOf(containers), ...sidecars].flatMap((item) => itemsOf(fieldsOf(item).ports));
  const isMeant = (port: Fields) => port.name === name && (port.protocol ?? "TCP") === protocol;
  return ports.map(fieldsOf).find(isMeant)?.containerPort;
}

function isPort(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 65535;
}

/** Pods that are not ready are listed as such; the proxy passes them over. */
function endpointOf(pod: KubeObject, service: KubeObject, address: string): object {
  const { namespace, name, uid, deletionTimestamp } = pod.metadata;
  const { nodeName } = fieldsOf(pod.spec);
  const serving = itemsOf(fieldsOf(pod.status).conditions)
    .map(fieldsOf)
    .some(({ type, status }) => type === "Ready" && status === "True");
  const terminating = deletionTimestamp !== undefined;
  const ready = fieldsOf(service.spec).publishNotReadyAddresses === true || (serving && !terminating);
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    targetRef: { kind: "Pod", namespace, name, uid },
    ...(nodeName !== undefined && { nodeName }),
  };
}

function slice(service: KubeObject, family: Family, { ports, endpoints }: Group, part: number): Draft {
  const { name, namespace = "default", uid, labels } = service.metadata;
  const isHeadless = fieldsOf(service.spec).clusterIP === "None";
  const id = JSON.stringify([uid, family, ports, part]);
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: `${name}-${suffix(id)}`,
      generateName: `${name}-`,
      namespace,
      labels: { ...labels, [MANAGED_BY]: CONTROLLER, [SERVICE_NAME]: name, ...(isHeadless && { [HEADLESS]: "" }) },
      ownerReferences: [{ apiVersion: "v1", kind: "Service", name, uid, controller: true, blockOwnerDeletion: true }],
    },
    addressType: family,
    endpoints: endpoints.length > 0 ? endpoints : null,
    ports: ports.length > 0 ? ports : null,
  };
}

/** As if drawn by chance, but the same for the same slice. */
function suffix(id: string): string {
  const digest = createHash("sha256").update(id).digest().subarray(0, 5);
  return [...digest].map((byte) => SUFFIX_LETTERS[byte % SUFFIX_LETTERS.length]).join("");
}

import type { KubeObject } from "../contracts.ts";
import { type Fields, fieldsOf, isPresent, itemsOf, textOf } from "../raw-json.ts";
import { sortedByName } from "../sorted.ts";
import { type Family, parseAddress } from "./addresses.ts";
import { type Protocol, readProtocol } from "./protocols.ts";
import type { Labels } from "./selectors.ts";

/** A pod that policies can speak of. */
export interface PolicyPod {
  readonly node: unknown;
  readonly namespace: string;
  readonly labels: Labels;
  /** Absent while its Namespace is not known: then no namespaceSelector selects the pod. */
  readonly namespaceLabels: Labels | undefined;
  /** Of one family or of both. */
  readonly addresses: Readonly<Record<Family, readonly string[]>>;
  readonly namedPorts: readonly NamedPort[];
}

interface NamedPort {
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
}

/**
 * Left out is what has no address of its own: pods in the node's network, which policies neither apply to nor select,
 * and pods that are finished, on their way out, or not wired yet. Their addresses may soon be another pod's.
 */
export function readPods(pods: readonly KubeObject[], namespaces: readonly KubeObject[]): readonly PolicyPod[] {
  const labelsOf = new Map(namespaces.map(({ metadata }) => [metadata.name, namespaceLabels(metadata)]));
  return sortedByName(pods.filter(hasOwnNetwork)).flatMap((pod) => {
    const addresses = readAddresses(fieldsOf(pod.status));
    if (addresses.ipv4.length + addresses.ipv6.length === 0) return [];
    const { namespace = "default", labels = {} } = pod.metadata;
    const { nodeName } = fieldsOf(pod.spec);
    const namedPorts = readNamedPorts(fieldsOf(pod.spec));
    return [{ node: nodeName, namespace, labels, namespaceLabels: labelsOf.get(namespace), addresses, namedPorts }];
  });
}

/** The server sets this label on every namespace; nobody can take it away or change it. */
function namespaceLabels({ name, labels }: KubeObject["metadata"]): Labels {
  return { ...labels, "kubernetes.io/metadata.name": name };
}

function hasOwnNetwork(pod: KubeObject): boolean {
  const { phase } = fieldsOf(pod.status);
  const isFinished = phase === "Succeeded" || phase === "Failed";
  const isTerminating = pod.metadata.deletionTimestamp !== undefined;
  return fieldsOf(pod.spec).hostNetwork !== true && !isFinished && !isTerminating;
}

function readAddresses(status: Fields): PolicyPod["addresses"] {
  const ips = itemsOf(status.podIPs).map((item) => fieldsOf(item).ip);
  const all = ips.filter((ip) => isPresent(ip) && ip !== "").map((ip) => parseAddress(textOf(ip, "a pod's address")));
  const ofFamily = (family: Family) => all.filter((address) => address.family === family).map(({ text }) => text);
  return { ipv4: ofFamily("ipv4"), ipv6: ofFamily("ipv6") };
}

/** A restartable init container goes on beside the others, so its ports are the pod's too; other init containers end. */
function readNamedPorts(spec: Fields): readonly NamedPort[] {
  const sidecars = itemsOf(spec.initContainers).filter((item) => fieldsOf(item).restartPolicy === "Always");
  const ports = [...itemsOf(spec.containers), ...sidecars].flatMap((item) => itemsOf(fieldsOf(item).ports));
  return ports.flatMap((item) => {
    const { name, protocol, containerPort } = fieldsOf(item);
    if (!isPresent(name) || name === "") return [];
    return [{ name: textOf(name, "a port's name"), protocol: readProtocol(protocol), port: Number(containerPort) }];
  });
}

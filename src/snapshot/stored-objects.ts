import { type ContainerPort, type Namespace, type Pod, PROTOCOLS } from "./model.ts";
import {
  isAddress,
  storedLabels,
  storedList,
  storedName,
  storedOneOf,
  storedPort,
  storedRecord,
  storedString,
} from "./stored-json.ts";

/** Set by the API server on every namespace, whatever the manifest says. */
export const NAMESPACE_NAME_LABEL = "kubernetes.io/metadata.name";

/** Reads a Namespace as the API gives it; a UserError only where the shape cannot be understood. */
export function parseNamespace(object: unknown): Namespace {
  const metadata = storedRecord(storedRecord(object, "Namespace").metadata, "Namespace metadata");
  const name = storedName(metadata.name, "Namespace metadata.name");
  const labels = storedLabels(metadata.labels, `Namespace ${name} metadata.labels`);
  return { name, labels: { ...labels, [NAMESPACE_NAME_LABEL]: name } };
}

/** Reads a Pod as the API gives it; a UserError only where the shape cannot be understood. */
export function parsePod(object: unknown): Pod {
  const pod = storedRecord(object, "Pod");
  const metadata = storedRecord(pod.metadata, "Pod metadata");
  const namespace = storedName(metadata.namespace, "Pod metadata.namespace");
  const name = storedName(metadata.name, "Pod metadata.name");
  const path = `Pod ${namespace}/${name}`;
  const spec = storedRecord(pod.spec, `${path} spec`);
  const node = storedString(spec.nodeName, `${path} spec.nodeName`);
  return {
    namespace,
    name,
    uid: storedString(metadata.uid, `${path} metadata.uid`),
    labels: storedLabels(metadata.labels, `${path} metadata.labels`),
    ports: parseContainerPorts(spec, `${path} spec`),
    addresses: parseAddresses(pod.status, `${path} status`),
    hostNetwork: spec.hostNetwork === true,
    ...(node === "" ? {} : { node }),
  };
}

/** Ports of the containers that run beside each other: init containers count only if they are restartable. */
function parseContainerPorts(spec: Readonly<Record<string, unknown>>, path: string): readonly ContainerPort[] {
  const named = (field: "containers" | "initContainers") =>
    storedList(spec[field], `${path}.${field}`).map((item, index) => {
      const at = `${path}.${field}[${index}]`;
      return { container: storedRecord(item, at), at };
    });
  const restartable = named("initContainers").filter(({ container }) => container.restartPolicy === "Always");
  return [...named("containers"), ...restartable].flatMap(({ container, at }) =>
    storedList(container.ports, `${at}.ports`).map((item, index) => parseContainerPort(item, `${at}.ports[${index}]`)),
  );
}

function parseContainerPort(value: unknown, path: string): ContainerPort {
  const { name: given, containerPort, protocol } = storedRecord(value, path);
  const name = storedString(given, `${path}.name`);
  return {
    ...(name === "" ? {} : { name }),
    port: storedPort(containerPort, `${path}.containerPort`),
    protocol:
      protocol === undefined || protocol === null ? "TCP" : storedOneOf(protocol, `${path}.protocol`, PROTOCOLS),
  };
}

/** A pod that has ended keeps its addresses in its status, but they may be another pod's by now. */
function parseAddresses(value: unknown, path: string): readonly string[] {
  const { phase, podIP, podIPs } = storedRecord(value, path);
  if (phase === "Succeeded" || phase === "Failed") return [];
  const listed = storedList(podIPs, `${path}.podIPs`).map((item, index) => {
    const at = `${path}.podIPs[${index}]`;
    return storedString(storedRecord(item, at).ip, `${at}.ip`);
  });
  const single = storedString(podIP, `${path}.podIP`);
  return (listed.length > 0 ? listed : [single]).filter(isAddress);
}

import { at, numberAt, recordAt, recordsAt, textAt } from "../fields.ts";
import { AGE, type Column, humanDuration, labelsText, listText, NAME, selectorText, since, wide } from "./cells.ts";
import { POD_COLUMNS } from "./pod-columns.ts";

// What a genuine server shows of each kind, in its words and its order.

/** Kinds that are not listed have a name and an age. */
export function columnsOf(kind: string): readonly Column[] {
  return COLUMNS[kind] ?? [NAME, AGE];
}

const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  ConfigMap: [NAME, { name: "Data", cell: (map) => [...keys(map, "data"), ...keys(map, "binaryData")].length }, AGE],
  EndpointSlice: [
    NAME,
    { name: "AddressType", cell: (slice) => textAt(slice, "addressType") ?? "" },
    {
      name: "Ports",
      cell: (slice) => listText(recordsAt(slice, "ports").map(({ port, name }) => String(port ?? name ?? "*"))),
    },
    {
      name: "Endpoints",
      cell: (slice) => listText(recordsAt(slice, "endpoints").flatMap(({ addresses }) => addresses as string[])),
    },
    AGE,
  ],
  Event: [
    {
      name: "Last Seen",
      cell: (event, now) => since(textAt(event, "lastTimestamp") ?? textAt(event, "eventTime"), now),
    },
    { name: "Type", cell: (event) => textAt(event, "type") ?? "" },
    { name: "Reason", cell: (event) => textAt(event, "reason") ?? "" },
    {
      name: "Object",
      cell: (event) =>
        [(textAt(event, "involvedObject.kind") ?? "").toLowerCase(), textAt(event, "involvedObject.name")]
          .filter(Boolean)
          .join("/"),
    },
    wide("Subobject", (event) => textAt(event, "involvedObject.fieldPath") ?? ""),
    wide("Source", (event) =>
      [textAt(event, "source.component") || textAt(event, "reportingComponent"), textAt(event, "source.host")]
        .filter(Boolean)
        .join(", "),
    ),
    { name: "Message", cell: (event) => (textAt(event, "message") ?? "").trim() },
    wide("First Seen", (event, now) => since(textAt(event, "firstTimestamp") ?? textAt(event, "eventTime"), now)),
    wide("Count", (event) => numberAt(event, "series.count") ?? (numberAt(event, "count") || 1)),
    { ...NAME, isWide: true },
  ],
  Job: [
    NAME,
    { name: "Status", cell: jobStatus },
    {
      name: "Completions",
      cell: (job) => `${numberAt(job, "status.succeeded") ?? 0}/${numberAt(job, "spec.completions") ?? 1}`,
    },
    { name: "Duration", cell: jobDuration },
    AGE,
    wide("Containers", (job) => names(job, "name")),
    wide("Images", (job) => names(job, "image")),
    wide("Selector", (job) => selectorText(at(job, "spec.selector"))),
  ],
  Namespace: [NAME, { name: "Status", cell: (namespace) => textAt(namespace, "status.phase") ?? "" }, AGE],
  NetworkPolicy: [NAME, { name: "Pod-Selector", cell: (policy) => selectorText(at(policy, "spec.podSelector")) }, AGE],
  Node: [
    NAME,
    { name: "Status", cell: nodeStatus },
    { name: "Roles", cell: nodeRoles },
    AGE,
    { name: "Version", cell: (node) => textAt(node, "status.nodeInfo.kubeletVersion") ?? "" },
    wide("Internal-IP", (node) => nodeAddress(node, "InternalIP")),
    wide("External-IP", (node) => nodeAddress(node, "ExternalIP")),
    wide("OS-Image", (node) => textAt(node, "status.nodeInfo.osImage") || "<unknown>"),
    wide("Kernel-Version", (node) => {
      const architecture = textAt(node, "status.nodeInfo.architecture");
      return (
        (textAt(node, "status.nodeInfo.kernelVersion") || "<unknown>") + (architecture ? ` (${architecture})` : "")
      );
    }),
    wide("Container-Runtime", (node) => textAt(node, "status.nodeInfo.containerRuntimeVersion") || "<unknown>"),
  ],
  Pod: POD_COLUMNS,
  ResourceQuota: [
    NAME,
    { name: "Request", cell: (quota) => quotaText(quota, (name) => !name.startsWith("limits.")) },
    { name: "Limit", cell: (quota) => quotaText(quota, (name) => name.startsWith("limits.")) },
    AGE,
  ],
  Service: [
    NAME,
    { name: "Type", cell: (service) => textAt(service, "spec.type") ?? "" },
    { name: "Cluster-IP", cell: (service) => textAt(service, "spec.clusterIP") || "<none>" },
    { name: "External-IP", cell: externalIp },
    { name: "Port(s)", cell: servicePorts },
    AGE,
    wide("Selector", (service) => labelsText(recordAt(service, "spec.selector"))),
  ],
};

function keys(object: object, path: string): readonly string[] {
  return Object.keys(recordAt(object, path));
}

function names(job: object, field: string): string {
  return recordsAt(job, "spec.template.spec.containers")
    .map((container) => String(container[field]))
    .join(",");
}

const JOB_CONDITIONS = { Complete: "Complete", Failed: "Failed", "": "Terminating", Suspended: "Suspended" };

function jobStatus(job: object): string {
  const isTrue = (type: string): boolean =>
    recordsAt(job, "status.conditions").some((condition) => condition.type === type && condition.status === "True");
  const isLeaving = textAt(job, "metadata.deletionTimestamp") !== undefined;
  const found = Object.entries(JOB_CONDITIONS).find(([type]) => (type === "" ? isLeaving : isTrue(type)));
  return found?.[1] ?? "Running";
}

function jobDuration(job: object, now: Date): string {
  const start = textAt(job, "status.startTime");
  const end = textAt(job, "status.completionTime");
  if (start === undefined) return "";
  return humanDuration((end === undefined ? now.getTime() : Date.parse(end)) - Date.parse(start));
}

function nodeStatus(node: object): string {
  const ready = recordsAt(node, "status.conditions").find(({ type }) => type === "Ready");
  const word = ready === undefined ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady";
  return at(node, "spec.unschedulable") === true ? `${word},SchedulingDisabled` : word;
}

const ROLE = "node-role.kubernetes.io/";

function nodeRoles(node: object): string {
  const roles = keys(node, "metadata.labels").filter((key) => key.startsWith(ROLE) && key !== ROLE);
  return (
    roles
      .map((key) => key.slice(ROLE.length))
      .sort()
      .join(",") || "<none>"
  );
}

function nodeAddress(node: object, wanted: string): string {
  return String(recordsAt(node, "status.addresses").find(({ type }) => type === wanted)?.address ?? "<none>");
}

function quotaText(quota: object, isWanted: (name: string) => boolean): string {
  const used = recordAt(quota, "status.used");
  const hard = Object.entries(recordAt(quota, "status.hard")).filter(([name]) => isWanted(name));
  const inOrder = hard.sort(([left], [right]) => (left < right ? -1 : 1));
  return inOrder.map(([name, limit]) => `${name}: ${used[name] ?? 0}/${limit}`).join(", ");
}

function externalIp(service: object): string {
  const type = textAt(service, "spec.type");
  if (type === "ExternalName") return textAt(service, "spec.externalName") ?? "";
  const given = at(service, "spec.externalIPs");
  if (Array.isArray(given) && given.length > 0) return given.join(",");
  return type === "LoadBalancer" ? "<pending>" : "<none>";
}

function servicePorts(service: object): string {
  const ports = recordsAt(service, "spec.ports").map(({ port, nodePort, protocol }) =>
    nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
  );
  return ports.join(",") || "<none>";
}

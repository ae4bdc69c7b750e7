import { checkPolicySpec } from "./check-policy.ts";
import { checkService } from "./check-service.ts";
import { checkPods, type WorkloadKind } from "./check-workload.ts";
import type { Cursor } from "./cursor.ts";
import { toJson } from "./located.ts";
import type { Manifests, Place, PolicyManifest, Service, Workload } from "./model.ts";
import { dnsLabelObjections } from "./name-syntax.ts";
import { checkObjectMeta, type ObjectMeta } from "./object-meta.ts";
import { manifestError, showPlace } from "./problems.ts";
import type { Findings, TextFile } from "./read-documents.ts";
import { type ManifestObject, readObjects } from "./read-objects.ts";
import { NAMESPACE_NAME_LABEL } from "./stored-objects.ts";
import { parsePolicy } from "./stored-policy.ts";

interface Collection {
  readonly findings: Findings;
  readonly defaultNamespace: string;
  readonly policies: PolicyManifest[];
  readonly namespaces: Manifests["namespaces"][number][];
  readonly workloads: Workload[];
  readonly services: Service[];
  readonly passedOver: Map<string, number>;
  /** Where each object that has a name of its own stands, by kind, namespace and name. */
  readonly places: Map<string, Place>;
}

/** Reads manifests as `kubectl apply -f` would; throws a UserError that lists everything an API server would refuse. */
export function parseManifests(files: readonly TextFile[], options: { defaultNamespace: string }): Manifests {
  const collection: Collection = {
    findings: { problems: [], warnings: [] },
    defaultNamespace: options.defaultNamespace,
    policies: [],
    namespaces: [],
    workloads: [],
    services: [],
    passedOver: new Map(),
    places: new Map(),
  };
  const { findings, policies, namespaces, workloads, services } = collection;
  for (const file of files) {
    for (const object of readObjects(file, findings)) collect(object, collection);
  }
  if (findings.problems.length > 0) {
    throw manifestError(
      findings.problems,
      files.map(({ name }) => name),
    );
  }
  const passedOver = Object.fromEntries(collection.passedOver);
  return { policies, namespaces, workloads, services, passedOver, warnings: findings.warnings };
}

/** The version of each kind that netproof reads, which is the only one that today's API servers have. */
const API_VERSIONS = {
  CronJob: "batch/v1",
  DaemonSet: "apps/v1",
  Deployment: "apps/v1",
  Job: "batch/v1",
  Namespace: "v1",
  NetworkPolicy: "networking.k8s.io/v1",
  Pod: "v1",
  ReplicaSet: "apps/v1",
  Service: "v1",
  StatefulSet: "apps/v1",
} as const satisfies Record<WorkloadKind | "Namespace" | "NetworkPolicy" | "Service", string>;

function collect({ apiVersion, kind, cursor }: ManifestObject, collection: Collection): void {
  const known = knownKind(kind);
  const group = groupOf(apiVersion);
  const meant = known ?? misspelt(kind, group);
  if (known === undefined && meant !== undefined) {
    const reason = `no matches for kind "${kind}" in version "${apiVersion}"`;
    cursor.problem(reason, { field: "kind", hint: `did you mean "${meant}"` });
  } else if (known === undefined || !["", "extensions", groupOf(API_VERSIONS[known])].includes(group)) {
    const name = group === "" ? kind : `${kind}.${group}`;
    collection.passedOver.set(name, (collection.passedOver.get(name) ?? 0) + 1);
  } else if (apiVersion !== API_VERSIONS[known]) {
    const reason = `no matches for kind "${kind}" in version "${apiVersion}"`;
    cursor.problem(reason, { field: "apiVersion", hint: `the version is ${API_VERSIONS[known]}` });
  } else if (known === "NetworkPolicy") collectPolicy(cursor, collection);
  else if (known === "Namespace") collectNamespace(cursor, collection);
  else if (known === "Service") collectService(cursor, collection);
  else collectWorkload(cursor, known, collection);
}

function collectPolicy(cursor: Cursor, collection: Collection): void {
  const before = collection.findings.problems.length;
  const fields = cursor.expectFields(["apiVersion", "kind", "metadata", "spec"]);
  const meta = checkObjectMeta(fields?.metadata, cursor);
  if (fields?.spec) checkPolicySpec(fields.spec);
  else cursor.warn("no spec is given, so the policy isolates every pod of the namespace for ingress");
  if (meta.name !== undefined && meta.namedAt === undefined) {
    const hint = 'write "name" instead of "generateName"';
    cursor.problem("Required value: a policy needs a name by which it can be reported", {
      field: "metadata.name",
      hint,
    });
  }
  const namespace = register("NetworkPolicy", meta, collection);
  if (meta.name === undefined || collection.findings.problems.length > before) return;
  const object = objectToSend({ ...meta, name: meta.name, namespace }, fields?.spec);
  const rules = fields?.spec?.expectFields(["egress", "ingress"], { others: "ignored" });
  const rulePlaces = { ingress: placesOf(rules?.ingress), egress: placesOf(rules?.egress) };
  collection.policies.push({ policy: parsePolicy(object), object, place: cursor.place, rulePlaces });
}

/**
 * Metadata that only the server sets (uid, resourceVersion) would make it refuse the object, and owners and finalizers would
 * let others delete it or keep it: they stay behind.
 */
function objectToSend(
  { name, namespace, labels, annotations }: { name: string } & Omit<ObjectMeta, "name">,
  spec: Cursor | undefined,
): PolicyManifest["object"] {
  return {
    apiVersion: API_VERSIONS.NetworkPolicy,
    kind: "NetworkPolicy",
    metadata: {
      name,
      namespace,
      ...(Object.keys(labels).length > 0 && { labels }),
      ...(Object.keys(annotations).length > 0 && { annotations }),
    },
    ...(spec && { spec: toJson(spec.node) }),
  };
}

function placesOf(rules: Cursor | undefined): readonly Place[] {
  return (rules?.expectList() ?? []).map(({ place }) => place);
}

function collectNamespace(cursor: Cursor, collection: Collection): void {
  const { metadata } = cursor.expectFields(["metadata"], { others: "ignored" }) ?? {};
  const meta = checkObjectMeta(metadata, cursor, dnsLabelObjections);
  register("Namespace", { ...meta, namespace: "" }, collection);
  const { name, labels } = meta;
  if (name === undefined) return;
  if ((labels[NAMESPACE_NAME_LABEL] ?? name) !== name) {
    cursor.warn(`the server sets the label "${NAMESPACE_NAME_LABEL}" to "${name}", whatever is given`);
  }
  collection.namespaces.push({ name, labels: { ...labels, [NAMESPACE_NAME_LABEL]: name }, place: cursor.place });
}

function collectWorkload(cursor: Cursor, kind: WorkloadKind, collection: Collection): void {
  const { metadata } = cursor.expectFields(["metadata"], { others: "ignored" }) ?? {};
  const meta = checkObjectMeta(metadata, cursor);
  const namespace = register(kind, meta, collection);
  const pods = checkPods(cursor, kind, meta.labels);
  if (meta.name === undefined || pods === undefined) return;
  collection.workloads.push({ kind, namespace, name: meta.name, ...pods, place: cursor.place });
}

function collectService(cursor: Cursor, collection: Collection): void {
  const { metadata } = cursor.expectFields(["metadata"], { others: "ignored" }) ?? {};
  const meta = checkObjectMeta(metadata, cursor);
  const namespace = register("Service", meta, collection);
  const service = checkService(cursor);
  if (meta.name === undefined || service === undefined) return;
  collection.services.push({ namespace, name: meta.name, ...service, place: cursor.place });
}

/** The namespace that the object is in. An object that stands in two places is a problem. */
function register(kind: string, meta: ObjectMeta, { places, defaultNamespace }: Collection): string {
  const namespace = kind === "Namespace" || meta.namespace !== "" ? meta.namespace : defaultNamespace;
  if (meta.name === undefined || meta.name === "" || meta.namedAt === undefined) return namespace;
  const key = JSON.stringify([kind, namespace, meta.name]);
  const first = places.get(key);
  if (first === undefined) places.set(key, meta.namedAt.place);
  else {
    const where = namespace === "" ? "" : ` in namespace "${namespace}"`;
    const hint = "rename one of them, or leave one of the files out";
    meta.namedAt.problem(`${kind} "${meta.name}"${where} is given twice, first at ${showPlace(first)}`, { hint });
  }
  return namespace;
}

function knownKind(kind: string): keyof typeof API_VERSIONS | undefined {
  return Object.hasOwn(API_VERSIONS, kind) ? (kind as keyof typeof API_VERSIONS) : undefined;
}

/** The kind that was meant, where only its capitals are wrong: the server would not know it. */
function misspelt(kind: string, group: string): string | undefined {
  return Object.entries(API_VERSIONS).find(
    ([name, version]) => name.toLowerCase() === kind.toLowerCase() && group === groupOf(version),
  )?.[0];
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
}

import { createHash } from "node:crypto";
import type { Namespace, NetworkPolicy, Pod, Requirement, Rule, Rules, Selector } from "../snapshot/index.ts";
import { NAME_LABEL } from "./names.ts";
import type { StagePlan } from "./stage-plan.ts";

/**
 * What a run's namespaces and the objects in them are called in the cluster, and the way back. Everybody else in the
 * program knows the names of the files alone.
 */
export interface RunNames {
  readonly actual: (namespace: string) => string;
  /** A name that is not of this run stays as it is. */
  readonly planned: (namespace: string) => string;
  readonly actualObject: (name: string) => string;
  readonly plannedObject: (name: string) => string;
}

const LONGEST = 63;

/** What a run's namespaces and objects are called on its stage. */
export function runNames(
  { placement, namespaces }: Pick<StagePlan, "placement" | "namespaces">,
  runId: string,
): RunNames {
  const planned = namespaces.map(({ name }) => name);
  switch (placement.kind) {
    case "own-cluster":
      return SAME_NAMES;
    case "throwaway":
      return renamedForRun(runId, planned);
    case "within":
      return renamedWithin(runId, planned[0] ?? "", placement.namespace);
  }
}

/** In a cluster of its own a run keeps the names. */
const SAME_NAMES: RunNames = { actual: same, planned: same, actualObject: same, plannedObject: same };

/** Namespaces of the run's own: `np-<run>-<name>`. */
function renamedForRun(runId: string, namespaces: readonly string[]): RunNames {
  const actual = new Map(namespaces.map((name) => [name, prefixed(runId, name)]));
  return { ...both(actual), actualObject: same, plannedObject: same };
}

/** One namespace of somebody else's, in which the objects have the run's prefix. */
function renamedWithin(runId: string, namespace: string, target: string): RunNames {
  const objects = new Map<string, string>();
  return {
    ...both(new Map([[namespace, target]])),
    actualObject: (name) => {
      const actual = prefixed(runId, name);
      objects.set(actual, name);
      return actual;
    },
    plannedObject: (name) => objects.get(name) ?? name,
  };
}

function both(actual: ReadonlyMap<string, string>): Pick<RunNames, "actual" | "planned"> {
  const planned = new Map([...actual].map(([name, own]) => [own, name]));
  return { actual: (name) => actual.get(name) ?? name, planned: (name) => planned.get(name) ?? name };
}

/** Names that would be too long keep their beginning and get a digest, so that they stay apart. */
function prefixed(runId: string, name: string): string {
  const full = `np-${runId}-${name}`;
  if (full.length <= LONGEST) return full;
  const digest = createHash("sha256").update(name).digest("hex").slice(0, 8);
  return `${full.slice(0, LONGEST - 9)}-${digest}`;
}

function same(name: string): string {
  return name;
}

/** A policy object as it is sent: in the run's namespace, its selectors on `kubernetes.io/metadata.name` following. */
export function renamedPolicy(
  object: Readonly<Record<string, unknown>>,
  { actual, actualObject }: RunNames,
): Readonly<Record<string, unknown>> {
  const metadata = object.metadata as { readonly namespace: string; readonly name: string };
  return {
    ...object,
    metadata: { ...metadata, namespace: actual(metadata.namespace), name: actualObject(metadata.name) },
    ...(object.spec === undefined ? {} : { spec: renameIn(object.spec, actual) }),
  };
}

/** Renames the values of every namespaceSelector in raw JSON, In and NotIn too. */
function renameIn(value: unknown, actual: RunNames["actual"]): unknown {
  if (Array.isArray(value)) return value.map((item) => renameIn(item, actual));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [
      key,
      key === "namespaceSelector" ? renameSelector(part, actual) : renameIn(part, actual),
    ]),
  );
}

function renameSelector(value: unknown, actual: RunNames["actual"]): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { matchLabels, matchExpressions, ...rest } = value as Readonly<Record<string, unknown>>;
  return {
    ...rest,
    ...(matchLabels === undefined ? {} : { matchLabels: renameLabels(matchLabels, actual) }),
    ...(Array.isArray(matchExpressions)
      ? { matchExpressions: matchExpressions.map((item) => renameExpression(item, actual)) }
      : {}),
  };
}

function renameLabels(value: unknown, actual: RunNames["actual"]): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, label]) => [
      key,
      key === NAME_LABEL && typeof label === "string" ? actual(label) : label,
    ]),
  );
}

function renameExpression(value: unknown, actual: RunNames["actual"]): unknown {
  const expression = value as { readonly key?: unknown; readonly values?: unknown };
  if (expression?.key !== NAME_LABEL || !Array.isArray(expression.values)) return value;
  const values = expression.values.map((name) => (typeof name === "string" ? actual(name) : name));
  return { ...expression, values };
}

export function plannedPod(pod: Pod, { planned, plannedObject }: RunNames): Pod {
  return { ...pod, namespace: planned(pod.namespace), name: plannedObject(pod.name) };
}

export function plannedNamespace({ name, labels }: Namespace, { planned }: RunNames): Namespace {
  return { name: planned(name), labels: { ...labels, [NAME_LABEL]: planned(name) } };
}

/** A policy as it was stored, in the names of the files. */
export function plannedPolicy(policy: NetworkPolicy, { planned, plannedObject }: RunNames): NetworkPolicy {
  const renamed = (rules: readonly Rule[]): readonly Rule[] =>
    rules.map((rule) => ({
      ...rule,
      peers: rule.peers.map((peer) =>
        peer.kind === "pods" && peer.namespaceSelector !== undefined
          ? { ...peer, namespaceSelector: plannedSelector(peer.namespaceSelector, planned) }
          : peer,
      ),
    }));
  const each = ({ ingress, egress }: Rules): Rules => ({
    ...(ingress === undefined ? {} : { ingress: renamed(ingress) }),
    ...(egress === undefined ? {} : { egress: renamed(egress) }),
  });
  return {
    ...policy,
    namespace: planned(policy.namespace),
    name: plannedObject(policy.name),
    isolates: each(policy.isolates),
    ...(policy.unnamed === undefined ? {} : { unnamed: each(policy.unnamed) }),
  };
}

function plannedSelector(selector: Selector, planned: RunNames["planned"]): Selector {
  return selector.map(
    (requirement): Requirement =>
      requirement.key === NAME_LABEL ? { ...requirement, values: requirement.values.map(planned) } : requirement,
  );
}

import type { Decision } from "../expectation/index.ts";
import type { PhaseObservation } from "../observation/index.ts";
import type { ForeignPolicy, StagePlan, UnplacedPolicy } from "../plan/index.ts";
import type { NetworkPolicy } from "../snapshot/index.ts";
import { type JudgedConnection, PHASES, type Phases } from "./connection.ts";

/** Something around the connections themselves. `failed`: the policies do not do what their files say. `inconclusive`: something kept it from being shown. */
export interface Finding {
  readonly kind: "failed" | "inconclusive";
  readonly what: string;
}

/** The expectations rest on what the server stores: it must be what the files mean, and what it had announced. */
export function* storedFindings(
  { policies }: Pick<StagePlan, "policies">,
  previewed: readonly NetworkPolicy[],
  stored: readonly NetworkPolicy[],
): Iterable<Finding> {
  for (const [index, { policy, place }] of policies.entries()) {
    const name = `${policy.namespace}/${policy.name}`;
    if (!isSame(previewed[index], policy)) {
      const where = `${place.file}:${place.line}`;
      yield { kind: "failed", what: `the server stores ${name} (${where}) with another meaning than its file has` };
    } else if (stored[index] !== undefined && !isSame(stored[index], policy)) {
      yield { kind: "inconclusive", what: `the server stored ${name} with another meaning than it had announced` };
    }
  }
}

/** Sessions that ended before their time, by reason. */
export function* lostFindings(phases: Phases): Iterable<Finding> {
  const lost = new Map(PHASES.flatMap((name) => Object.entries(phases[name]?.lost ?? {})));
  const byReason = new Map<string, string[]>();
  for (const [party, reason] of lost) byReason.set(reason, [...(byReason.get(reason) ?? []), party]);
  for (const [reason, [first, ...others]] of byReason) {
    const what =
      others.length === 0
        ? `the session with ${first} was`
        : `${others.length + 1} sessions, such as with ${first}, were`;
    yield { kind: "inconclusive", what: `${what} lost: ${reason}` };
  }
}

interface Tried {
  readonly decisions: readonly Decision[];
  /** Those for the policies, without the run's own. */
  readonly connections: readonly JudgedConnection[];
  readonly unplaced: readonly UnplacedPolicy[];
}

/** No evidence, no pass: policies that isolate no end of any connection that could be judged, by reason. */
export function* untriedFindings(
  policies: readonly Pick<NetworkPolicy, "namespace" | "name">[],
  { decisions, connections, unplaced }: Tried,
): Iterable<Finding> {
  const tried = isolating(connections, decisions);
  const shown = isolating(
    connections.filter(({ verdict }) => verdict.kind !== "unspecified"),
    decisions,
  );
  const reasons = new Map(unplaced.map(({ policy, reason }) => [policy, reason]));
  const byReason = new Map<string, string[]>();
  for (const { namespace, name } of policies) {
    const key = `${namespace}/${name}`;
    if (shown.has(key)) continue;
    const reason = reasons.get(key) ?? (tried.has(key) ? LEFT_OPEN : NOT_TRIED);
    byReason.set(reason, [...(byReason.get(reason) ?? []), key]);
  }
  for (const [reason, names] of byReason) {
    yield { kind: "inconclusive", what: `nothing of ${listPolicies(names)} was shown: ${reason}` };
  }
}

const NOT_TRIED = "no connection of a pod that it selects was tried (--max-probes, --max-neighbours)";
const LEFT_OPEN = "the API leaves open every connection of a pod that it selects";

/** The policies that isolate an end of one of the connections. */
function isolating(connections: readonly JudgedConnection[], decisions: readonly Decision[]): ReadonlySet<string> {
  const used = [...new Set(connections.map(({ planned }) => planned.decision))].flatMap(
    (index) => decisions[index] ?? [],
  );
  const directions = used.flatMap(({ egress, ingress }) => [egress, ingress]);
  const by = directions.flatMap((direction) => (direction.kind === "isolated" ? direction.by : []));
  return new Set(by.map(({ namespace, name }) => `${namespace}/${name}`));
}

function listPolicies(names: readonly string[]): string {
  const [first, ...others] = names;
  if (others.length === 0) return `policy ${first}`;
  const shown = names.slice(0, 3).join(", ");
  return `${names.length} policies (${shown}${names.length > 3 ? ", …" : ""})`;
}

interface Foreign {
  readonly unknown: readonly { readonly what: string }[];
  readonly understood: readonly NetworkPolicy[];
}

/** Policies of others that were there before the first phase: in namespaces that the run made, somebody adds them to every new one. */
export function* addedFindings({ understood }: Pick<Foreign, "understood">): Iterable<Finding> {
  if (understood.length === 0) return;
  const names = understood.map(({ namespace, name }) => `${namespace}/${name}`).join(", ");
  yield {
    kind: "inconclusive",
    what: `something in the cluster adds policies to new namespaces (${names}): what the files' own do alone cannot be told`,
  };
}

/** Policies of others in the namespace that the run was given: what they close is closed in the baseline too. */
export function* occupiedFindings(
  namespace: string,
  { understood }: Pick<Foreign, "understood">,
  baseline: PhaseObservation | undefined,
): Iterable<Finding> {
  const isClosed = baseline?.traces.some(({ settledAt }) => settledAt === undefined) === true;
  if (understood.length === 0 || !isClosed) return;
  const names = understood.map(({ name }) => `${namespace}/${name}`).join(", ");
  yield {
    kind: "inconclusive",
    what: `connections fail without the run's policies, and NetworkPolicy ${names} is in force there: prove in a namespace without policies`,
  };
}

/** Policies of others that came or went during the run: nobody can say which connections they touched, and when. */
export function* foreignFindings(before: Foreign, later: readonly Foreign[]): Iterable<Finding> {
  const known = namesOf(before);
  const seen = later.map(namesOf);
  for (const name of new Set(seen.flatMap((names) => [...names]))) {
    if (!known.has(name)) yield { kind: "inconclusive", what: `${name} appeared during the run` };
  }
  for (const name of known) {
    if (seen.some((names) => !names.has(name)))
      yield { kind: "inconclusive", what: `${name} went away during the run` };
  }
}

/** Those of the run that were not at the end what the server had stored. */
export function changedPolicies(
  stored: readonly NetworkPolicy[],
  later: readonly NetworkPolicy[],
): readonly ForeignPolicy[] {
  const found = new Map(later.map((policy) => [`${policy.namespace}/${policy.name}`, policy]));
  return stored.flatMap((policy) => {
    const name = `${policy.namespace}/${policy.name}`;
    const isThere = isSame(found.get(name), policy);
    return isThere ? [] : [{ what: `NetworkPolicy ${name}`, namespaces: [policy.namespace], isOurs: true as const }];
  });
}

export function* changedFindings(changed: readonly ForeignPolicy[]): Iterable<Finding> {
  for (const { what } of changed) {
    yield {
      kind: "inconclusive",
      what: `${what} was changed or removed by somebody while it should have been in force`,
    };
  }
}

function namesOf({ unknown, understood }: Foreign): ReadonlySet<string> {
  return new Set([
    ...unknown.map(({ what }) => what),
    ...understood.map((policy) => `NetworkPolicy ${policy.namespace}/${policy.name}`),
  ]);
}

function isSame(a: NetworkPolicy | undefined, b: NetworkPolicy): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

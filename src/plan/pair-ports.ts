import type { PairExpectation } from "../expectation/index.ts";
import type { ClusterState, Pod, PortItem } from "../snapshot/index.ts";
import { boundaries, type PortOfInterest, type PortPlan } from "./ports.ts";

/** What is known of ports before a pair is looked at. */
export interface KnownPorts {
  readonly plan: PortPlan;
  /** The port items of each policy's rules, by `namespace/name`. */
  readonly items: ReadonlyMap<string, readonly PortItem[]>;
  /** On which every pod listens. */
  readonly listened: ReadonlySet<number>;
}

export function knownPorts(plan: PortPlan, { policies }: Pick<ClusterState, "policies">): KnownPorts {
  const items = policies.map(({ namespace, name, isolates }) => {
    const rules = [...(isolates.ingress ?? []), ...(isolates.egress ?? [])];
    return [`${namespace}/${name}`, rules.flatMap((rule) => rule.ports)] as const;
  });
  return { plan, items: new Map(items), listened: new Set(plan.probed.map(({ port }) => port)) };
}

/** Where the pair is isolated, the ports that its policies can tell apart; else one that nobody mentions. */
export function portsForPair(
  pair: PairExpectation,
  destination: Pod | undefined,
  known: KnownPorts,
): readonly PortOfInterest[] {
  const own = (destination?.ports ?? []).map(({ port }) => port);
  const numbers = new Set(known.plan.unmentioned === undefined ? [] : [known.plan.unmentioned]);
  const deciding = [pair.decision.egress, pair.decision.ingress].flatMap((direction) =>
    direction.kind === "isolated" ? direction.by : [],
  );
  for (const { namespace, name } of deciding) {
    for (const item of known.items.get(`${namespace}/${name}`) ?? []) {
      const ports = item.kind === "name" ? numbersOfName(item.name, destination, known.plan) : boundaries(item);
      for (const port of ports) numbers.add(port);
    }
  }
  for (const port of deciding.length > 0 ? own : own.slice(0, 1)) numbers.add(port);
  if (numbers.size === 0) for (const { port } of known.plan.probed.slice(0, 1)) numbers.add(port);
  return [...numbers].flatMap((port) => known.plan.protocols.map((protocol) => ({ protocol, port })));
}

/** What a name means on this pod, and what it means on others. */
function numbersOfName(name: string, destination: Pod | undefined, plan: PortPlan): readonly number[] {
  const own = (destination?.ports ?? []).filter((port) => port.name === name).map(({ port }) => port);
  return [...own, ...plan.named.filter((named) => named.name === name).flatMap(({ numbers }) => numbers)];
}

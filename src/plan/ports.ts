import { type ContainerPort, type Manifests, type PortItem, PROTOCOLS, type Protocol } from "../snapshot/index.ts";

/** A port that is worth a probe. */
export interface PortOfInterest {
  readonly protocol: Protocol;
  readonly port: number;
}

/** The ports that a set of policies can tell apart, before anything is known of pods. */
export interface PortPlan {
  /** Those mentioned, the ends of ranges and one beyond, the same numbers under each of the protocols. */
  readonly probed: readonly PortOfInterest[];
  /** TCP and UDP; SCTP where somebody speaks of it. */
  readonly protocols: readonly Protocol[];
  /** A number that no policy and no workload mentions, or undefined where ranges leave none. */
  readonly unmentioned: number | undefined;
  /** Named ports of the policies, with the numbers that synthetic pods give them in turn. */
  readonly named: readonly NamedPort[];
  /** Where agents accept the kubelet's probes: a number that is not probed. */
  readonly health: number;
  /** Numbers for which there is no listener, because there are too many. */
  readonly leftOut: readonly number[];
}

export interface PortRange {
  readonly protocol: Protocol;
  readonly from: number;
  readonly to: number;
}

export interface NamedPort {
  readonly name: string;
  readonly protocol: Protocol;
  readonly numbers: readonly [number, number];
}

/** Ports by boundary, from the policies' items, the workloads' own ports, and those that are `required`. */
export function planPorts(
  manifests: Pick<Manifests, "policies" | "workloads" | "services">,
  required: readonly PortRange[],
): PortPlan {
  const items = manifests.policies.flatMap(({ policy }) =>
    [...(policy.isolates.ingress ?? []), ...(policy.isolates.egress ?? [])].flatMap((rule) => rule.ports),
  );
  const protocols = [...items, ...manifests.workloads.flatMap(({ ports }) => ports), ...required].some(
    ({ protocol }) => protocol === "SCTP",
  )
    ? PROTOCOLS
    : WITHOUT_SCTP;
  const declared = manifests.workloads.flatMap((workload) => workload.ports);
  const targets = manifests.services.flatMap(({ ports }) => ports.map(({ targetPort }) => targetPort));
  const mentioned = new Set([
    ...declared.map(({ port }) => port),
    ...targets.filter((target) => typeof target === "number"),
    ...items.flatMap(boundaries),
  ]);
  const asked = new Set(required.flatMap(({ from, to }) => [from, to]));
  const isFree = (port: number): boolean =>
    !mentioned.has(port) && !asked.has(port) && !items.some((item) => covers(item, port));
  const named = planNames(items, declared, isFree);
  const unmentioned = firstFree(UNMENTIONED, isFree);
  const numbers = new Set([
    ...asked,
    ...(unmentioned === undefined ? [] : [unmentioned]),
    ...named.flatMap(({ numbers: pair }) => pair),
    ...mentioned,
    ...justBehind(mentioned, required),
  ]);
  return {
    probed: [...numbers]
      .slice(0, MOST_NUMBERS)
      .sort((a, b) => a - b)
      .flatMap((port) => protocols.map((protocol) => ({ protocol, port }))),
    protocols,
    unmentioned,
    named,
    health: firstFree(HEALTH, (port) => !numbers.has(port)) ?? HEALTH,
    leftOut: [...numbers].slice(MOST_NUMBERS),
  };
}

/** Within a range of the intent a hole begins behind a port that somebody mentions. */
function justBehind(mentioned: ReadonlySet<number>, required: readonly PortRange[]): readonly number[] {
  return required.flatMap(({ from, to }) =>
    [...mentioned].filter((port) => from <= port && port < to).map((port) => port + 1),
  );
}

/** What an item mentions, and the ports just beside it. */
export function boundaries(item: PortItem): readonly number[] {
  if (item.kind !== "range") return [];
  const ports = item.from === item.to ? [item.from] : [item.from - 1, item.from, item.to, item.to + 1];
  return ports.filter((port) => port >= 1 && port <= 65_535);
}

/**
 * What the `index`th synthetic pod declares: each name under the first number, under the second, or not at all, in turn,
 * and under one protocol at a time: few pods declare a name twice, and plugins differ about those that do.
 */
export function declaredPorts(named: readonly NamedPort[], index: number): readonly ContainerPort[] {
  const turn = index % 3;
  return [...new Set(named.map(({ name }) => name))].flatMap((name) => {
    const same = named.filter((one) => one.name === name);
    const { protocol, numbers } = same[(turn + Math.floor(index / 3)) % same.length] ?? {};
    const port = numbers?.[turn];
    return port === undefined || protocol === undefined ? [] : [{ name, protocol, port }];
  });
}

const WITHOUT_SCTP = ["TCP", "UDP"] as const satisfies readonly Protocol[];
/** Each is a listener of every pod, under every protocol. */
const MOST_NUMBERS = 1000;
const UNMENTIONED = 7777;
const HEALTH = 61_001;
const FIRST_NAMED = 31_001;

function covers(item: PortItem, port: number): boolean {
  return item.kind === "range" && item.from <= port && port <= item.to;
}

function planNames(
  items: readonly PortItem[],
  declared: readonly ContainerPort[],
  isFree: (port: number) => boolean,
): readonly NamedPort[] {
  const named = new Map<string, NamedPort>();
  let next = FIRST_NAMED;
  const fresh = (): number => {
    const port = firstFree(next, isFree) ?? next;
    next = port + 1;
    return port;
  };
  for (const item of items) {
    if (item.kind !== "name" || named.has(`${item.name} ${item.protocol}`)) continue;
    const own = declared.find(({ name, protocol }) => name === item.name && protocol === item.protocol);
    named.set(`${item.name} ${item.protocol}`, {
      name: item.name,
      protocol: item.protocol,
      numbers: [own?.port ?? fresh(), fresh()],
    });
  }
  return [...named.values()];
}

function firstFree(from: number, isFree: (port: number) => boolean): number | undefined {
  for (let port = from; port <= 65_535; port++) if (isFree(port)) return port;
  for (let port = from - 1; port >= 1024; port--) if (isFree(port)) return port;
  return undefined;
}

import type { Expectation } from "../expectation/index.ts";
import type { Pod, Service, ServicePort } from "../snapshot/index.ts";
import type { PairRows } from "./budget.ts";
import type { Backend, ConnectionTable, ServiceTarget } from "./connection-table.ts";
import { type End, familyOf, podOf } from "./ends.ts";
import type { NotTested, StagedService } from "./model.ts";

interface ServiceContext {
  readonly table: ConnectionTable;
  readonly expectation: Expectation;
  /** The pods' ends. */
  readonly inside: readonly End[];
  /** On which every pod listens. */
  readonly isListened: (port: number) => boolean;
}

export interface ServicePlan {
  readonly pairs: readonly PairRows[];
  readonly notTested: readonly NotTested[];
}

/** Connections from every pod to the Services' own addresses. */
export function planServices(services: readonly StagedService[], context: ServiceContext): ServicePlan {
  const parts = services.flatMap((service) =>
    service.addresses.flatMap((address) => service.ports.map((port) => planPort(service, address, { port, context }))),
  );
  return {
    pairs: parts.flatMap(({ pairs }) => pairs),
    notTested: [...new Map(parts.flatMap(({ notTested }) => notTested).map((one) => [one.what, one])).values()],
  };
}

function planPort(
  service: StagedService,
  address: string,
  { port, context }: { port: ServicePort; context: ServiceContext },
): ServicePlan {
  const name = `service ${service.namespace}/${service.name}`;
  const what = `${name} ${port.port}/${port.protocol}`;
  const family = familyOf(address);
  const backends = context.inside
    .filter((end) => end.family === family)
    .flatMap((end) => backendOf(end, service, port));
  const [first] = backends;
  if (first === undefined) return { pairs: [], notTested: [{ what, reason: "no pod of the stage is behind it" }] };
  if (port.protocol === "SCTP") return { pairs: [], notTested: [{ what, reason: "SCTP is tried without Services" }] };
  if (!backends.every((backend) => context.isListened(backend.port)))
    return { pairs: [], notTested: [{ what, reason: "pods do not listen on so many ports" }] };
  const target = { name, address, port: port.port, protocol: port.protocol, backends };
  const sources = context.inside.filter(
    (end) => end.family === family && !backends.some((one) => one.end.party === end.party),
  );
  const alike = sources.filter((source) => areAlike(source, target, context));
  return {
    pairs: alike.map((source) => ({
      pair: context.expectation.pair(source.endpoint, first.end.endpoint),
      rows: [context.table.serviceRow(source, target)],
    })),
    notTested: alike.length === sources.length ? [] : [{ what, reason: "the pods behind it are not treated alike" }],
  };
}

function backendOf(
  end: End,
  { namespace, selector }: Service,
  { targetPort, protocol }: ServicePort,
): readonly Backend[] {
  const pod = podOf(end);
  if (pod === undefined || pod.namespace !== namespace || !isSelected(pod, selector)) return [];
  if (typeof targetPort === "number") return [{ end, port: targetPort }];
  const named = pod.ports.find((port) => port.name === targetPort && port.protocol === protocol);
  return named === undefined ? [] : [{ end, port: named.port }];
}

function isSelected({ labels }: Pod, selector: Service["selector"]): boolean {
  return Object.entries(selector).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value);
}

/** Which of them answers nobody knows before: what is expected, and which direction denies it, must be the same for all. */
function areAlike(source: End, { protocol, backends }: ServiceTarget, { expectation }: ServiceContext): boolean {
  const expected = backends.map(({ end, port }) => {
    const connection = expectation.connection(source.endpoint, end.endpoint, { protocol, port });
    return `${connection.kind} ${connection.kind === "allow" ? "" : connection.because}`;
  });
  return new Set(expected).size === 1;
}

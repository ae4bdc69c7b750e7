import type { Family, KubeObject } from "../contracts.ts";
import { type Fields, fieldsOf, itemsOf } from "../raw-json.ts";
import { sortedByName } from "../sorted.ts";
import { SERVICE_NAME } from "./endpoint-slices.ts";

/** One port of a Service at one of its addresses. */
export interface ProxiedPort {
  /** For people: `shop/web http`. */
  readonly label: string;
  readonly address: string;
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly port: number;
  readonly endpoints: readonly Endpoint[];
  /** Whether a client's connections all go to the same endpoint. */
  readonly isSticky: boolean;
  /** There are endpoints, but none that this node may send to: it is silent, where one without any is refused. */
  readonly isSilent: boolean;
}

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

interface Place extends Endpoint {
  readonly node: unknown;
}

/** What a node translates for one family. Services without an address of their own are none of the proxy's. */
export function proxiedPorts(
  { services, slices }: Readonly<Record<"services" | "slices", readonly KubeObject[]>>,
  { node, family }: { readonly node: string; readonly family: Family },
): readonly ProxiedPort[] {
  const byService = new Map<string, KubeObject[]>();
  for (const slice of sortedByName(slices).filter(({ addressType }) => addressType === family)) {
    const key = `${slice.metadata.namespace}/${slice.metadata.labels?.[SERVICE_NAME]}`;
    byService.set(key, [...(byService.get(key) ?? []), slice]);
  }
  return sortedByName(services).flatMap((service) => {
    const { clusterIPs, ipFamilies, ports } = fieldsOf(service.spec);
    const address = itemsOf(clusterIPs)[itemsOf(ipFamilies).indexOf(family)];
    if (typeof address !== "string" || address === "None") return [];
    const own = byService.get(`${service.metadata.namespace}/${service.metadata.name}`) ?? [];
    return itemsOf(ports).map((item) => proxiedPort(service, { address, node }, fieldsOf(item), own));
  });
}

function proxiedPort(
  service: KubeObject,
  { address, node }: { readonly address: string; readonly node: string },
  { name = "", port, protocol }: Fields,
  slices: readonly KubeObject[],
): ProxiedPort {
  const { sessionAffinity, internalTrafficPolicy } = fieldsOf(service.spec);
  const places = slices.flatMap((slice) => placesIn(slice, name));
  const near = internalTrafficPolicy === "Local" ? places.filter((place) => place.node === node) : places;
  return {
    label: `${service.metadata.namespace}/${service.metadata.name}/${name}`,
    address,
    protocol: protocol === "UDP" ? "udp" : protocol === "SCTP" ? "sctp" : "tcp",
    port: Number(port),
    endpoints: near.map((place) => ({ address: place.address, port: place.port })),
    isSticky: sessionAffinity === "ClientIP",
    isSilent: places.length > 0 && near.length === 0,
  };
}

function placesIn(slice: KubeObject, portName: unknown): readonly Place[] {
  const port = itemsOf(slice.ports)
    .map(fieldsOf)
    .find(({ name }) => name === portName)?.port;
  if (port === undefined) return [];
  return itemsOf(slice.endpoints)
    .map(fieldsOf)
    .filter(({ conditions }) => fieldsOf(conditions).ready !== false)
    .flatMap(({ addresses, nodeName }) =>
      itemsOf(addresses).map((address) => ({ address: String(address), port: Number(port), node: nodeName })),
    );
}

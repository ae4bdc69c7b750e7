import { isIP } from "node:net";
import { NODE_ADDRESSES, OUTSIDE_ADDRESSES, STAGE_PODS } from "./cluster.ts";

export interface Connection {
  /** Where it begins: a pod, a node or the outside host, as the stage calls it. */
  readonly from: string;
  /** Empty: the kernel chooses. */
  readonly source: string | undefined;
  readonly address: string;
  readonly port: number;
  readonly protocol: "TCP" | "UDP";
}

/** Reads `shop/web > shop/db 80`, with `/UDP` behind the port and ` v6` at the end where that is meant; ends may be addresses. */
export function parseConnection(text: string): Connection {
  const [, from = "", to = "", port, protocol = "TCP", v6] = /^(\S+) > (\S+) (\d+)(?:\/(UDP))?( v6)?$/.exec(text) ?? [];
  const family = v6 === undefined ? 0 : 1;
  const place = isIP(from) ? OUTSIDE : from;
  if (![OUTSIDE, ...Object.keys(NODE_ADDRESSES), ...STAGE_PODS.map(podId)].includes(place)) {
    throw new Error(`"${text}" is no connection of the stage`);
  }
  return {
    from: place,
    source: isIP(from) ? from : undefined,
    address: isIP(to) ? to : addressOf(to, family),
    port: Number(port),
    protocol: protocol === "UDP" ? "UDP" : "TCP",
  };
}

export const OUTSIDE = "outside";

export function podId({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

function addressOf(name: string, family: 0 | 1): string {
  const pod = STAGE_PODS.find((candidate) => podId(candidate) === name);
  const addresses = pod?.addresses ?? (name === OUTSIDE ? [OUTSIDE_ADDRESSES[0], OUTSIDE_ADDRESSES[2]] : undefined);
  if (addresses === undefined) throw new Error(`"${name}" is nothing of the stage`);
  return addresses[family];
}

import { isIP, isIPv4 } from "node:net";
import type { Family } from "../contracts.ts";

/** The last node's pod range is 10.244.200.0/24. */
export const MAX_NODES = 200;
/** Of a node's pod range: .0, .1 and .255 stay free, as they do on most clusters. */
export const PODS_PER_NODE = 253;

/** Nodes are numbered from 1. */
export function nodeName(node: number): string {
  return `node${node}`;
}

/** IPv4 first. */
export function nodeAddresses(node: number): readonly [string, string] {
  return [`10.250.0.${node + 1}`, `fd00:10:250::${(node + 1).toString(16)}`];
}

/** Of the router between the nodes: the sender of its error messages. */
export const FABRIC_ADDRESSES = ["10.250.0.1", "fd00:10:250::1"] as const;

/** IPv4 first. */
export function podCidrs(node: number): readonly [string, string] {
  return [`10.244.${node}.0/24`, `fd00:10:244:${node.toString(16)}::/64`];
}

/** @param index from 0 to PODS_PER_NODE - 1 */
export function podAddress(node: number, index: number, family: Family): string {
  const host = index + 2;
  return family === "IPv4" ? `10.244.${node}.${host}` : `fd00:10:244:${node.toString(16)}::${host.toString(16)}`;
}

/** Of each family's range for Services: 10.96.0.0/16 and fd00:10:96::/112. */
export const SERVICE_ADDRESSES = 65536;

/** @param index from 1 to SERVICE_ADDRESSES - 2: the first address and, in IPv4, the last are nobody's */
export function serviceAddress(index: number, family: Family): string {
  return family === "IPv4" ? `10.96.${index >> 8}.${index & 255}` : `fd00:10:96::${index.toString(16)}`;
}

export function isIpv6(address: string): boolean {
  return !isIPv4(address);
}

/** Whether an address belongs to the lab's pods, Services, nodes or the hosts themselves, so that no outside host may have it. */
export function isClusterAddress(address: string): boolean {
  if (isIP(address) === 4) return /^(10\.244\.|10\.96\.|10\.250\.0\.|127\.|0\.|22[4-9]\.|2[3-5]\d\.)/.test(address);
  return /^(fd00:10:(244|250|96):|fe80:|ff|::1?$)/i.test(address);
}

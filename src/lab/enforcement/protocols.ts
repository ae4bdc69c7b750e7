import { isPresent } from "./raw-json.ts";

/** Those that policies can name, and how nft calls them. */
export const NFT_PROTOCOL = { TCP: "tcp", UDP: "udp", SCTP: "sctp" } as const;
export type Protocol = keyof typeof NFT_PROTOCOL;

/** An absent protocol is TCP. */
export function readProtocol(raw: unknown): Protocol {
  if (!isPresent(raw)) return "TCP";
  if (raw === "TCP" || raw === "UDP" || raw === "SCTP") return raw;
  throw new Error(`Cannot enforce a policy: the protocol is ${JSON.stringify(raw)}`);
}

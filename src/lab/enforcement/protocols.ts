import { isPresent } from "../raw-json.ts";

/** Those that policies can name. */
export const PROTOCOLS = ["TCP", "UDP", "SCTP"] as const;
export type Protocol = (typeof PROTOCOLS)[number];

export const NFT_PROTOCOL = { TCP: "tcp", UDP: "udp", SCTP: "sctp" } as const satisfies Record<Protocol, string>;

/** An absent protocol is TCP. */
export function readProtocol(raw: unknown): Protocol {
  if (!isPresent(raw)) return "TCP";
  if (raw === "TCP" || raw === "UDP" || raw === "SCTP") return raw;
  throw new Error(`Cannot enforce a policy: the protocol is ${JSON.stringify(raw)}`);
}

import { text } from "node:stream/consumers";
import type { LabNetwork } from "../../contracts.ts";

/** Sends from `node` a packet of IPv4 that claims to come from elsewhere; pods may not send such ones. */
export interface RawPacket {
  readonly node: string;
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly payload: readonly number[];
  /** Once if absent. */
  readonly times?: number;
}

export const SCTP = 132;
export const ICMP = 1;

/** The common header of SCTP and the first chunk of a handshake. */
export function sctpInit(sourcePort: number, port: number): readonly number[] {
  const header = [...twoBytes(sourcePort), ...twoBytes(port), 0, 0, 0, 0, 0, 0, 0, 0];
  return [...header, 1, 0, 0, 20, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1];
}

export function icmpEcho(id: number): readonly number[] {
  const checksum = 0xffff - (0x0800 + id);
  return [8, 0, ...twoBytes(checksum), ...twoBytes(id), 0, 0];
}

// Perl is part of Debian's base; Node has no raw sockets. The kernel fills in length, id and checksum.
const SENDER = `
use Socket;
my ($times, $source, $destination, $protocol, @payload) = @ARGV;
socket(my $socket, PF_INET, SOCK_RAW, 255) or die "socket: $!";
my $header = pack("CCnnnCCna4a4", 0x45, 0, 0, 0, 0, 64, $protocol, 0, inet_aton($source), inet_aton($destination));
for (1 .. $times) {
  send($socket, $header . pack("C*", @payload), 0, pack_sockaddr_in(0, inet_aton($destination))) or die "send: $!";
}
`;

export async function sendRaw(network: LabNetwork, packet: RawPacket): Promise<void> {
  const { node, source, destination, protocol, payload, times = 1 } = packet;
  const words = [times, source, destination, protocol, ...payload].map(String);
  await runToEnd(network, node, ["perl", "-e", SENDER, ...words]);
}

/** Counts from now on what leaves a node for this address, with rules of its own behind all others. */
export async function countArrivals(
  network: LabNetwork,
  node: string,
  address: string,
): Promise<() => Promise<number>> {
  const rules = `add table ip arrivals
delete table ip arrivals
table ip arrivals {
  chain count {
    type filter hook postrouting priority 300;
    ip daddr ${address} meta l4proto { icmp, sctp } counter
  }
}
`;
  await network.applyRules(node, rules);
  return async () => {
    const listing = await runToEnd(network, node, ["nft", "list", "chain", "ip", "arrivals", "count"]);
    return Number(/counter packets (\d+)/.exec(listing)?.[1]);
  };
}

async function runToEnd(network: LabNetwork, node: string, argv: readonly string[]): Promise<string> {
  const process = network.runOnNode(node, argv);
  process.stdin.end();
  const [stdout, stderr, { code, error }] = await Promise.all([
    text(process.stdout),
    text(process.stderr),
    process.exited,
  ]);
  if (code !== 0) throw new Error(`"${argv[0]}" ended with ${code}: ${error ?? stderr}`);
  return stdout;
}

function twoBytes(number: number): readonly number[] {
  return [number >> 8, number & 0xff];
}

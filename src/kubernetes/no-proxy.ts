import { BlockList, isIP } from "node:net";
import { domainToASCII } from "node:url";

/**
 * Whether connections to a server may go through the environment's proxy. The rules are those of Go's
 * golang.org/x/net/http/httpproxy, by which kubectl goes: `localhost` and loopback addresses never do. `noProxy` lists,
 * between commas, names and addresses (each with or without a port), CIDRs, or `*` for all. A name stands for itself and
 * for all names below it, with `.` or `*.` before it only for those. What cannot be read is passed over.
 */
export function mayBeProxied(server: URL, noProxy: string): boolean {
  const host = server.hostname.replace(/^\[|\]$/g, "");
  const target: Target = { host, family: familyOf(host), port: server.port || DEFAULT_PORTS[server.protocol] || "" };
  if (host === "localhost" || (target.family !== undefined && LOOPBACK.check(host, target.family))) return false;
  const entries = noProxy.split(",").map((entry) => entry.trim().toLowerCase());
  return !entries.some((entry) => covers(entry, target));
}

type Family = "ipv4" | "ipv6";

interface Target {
  readonly host: string;
  /** Undefined for a name. */
  readonly family: Family | undefined;
  readonly port: string;
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { "http:": "80", "https:": "443" };
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");
/** IPv4, also where it is written as IPv6. */
const IPV4 = new BlockList();
IPV4.addSubnet("::ffff:0:0", 96, "ipv6");

function covers(entry: string, { host, family, port }: Target): boolean {
  if (entry === "*") return true;
  const cidr = parseCidr(entry);
  if (cidr !== undefined) return family !== undefined && cidr(host, family);
  const [name, wantedPort] = splitPort(entry);
  if (name === "" || (wantedPort !== "" && wantedPort !== port)) return false;
  const wantedFamily = familyOf(name);
  if (wantedFamily !== undefined) return family !== undefined && single(name, wantedFamily).check(host, family);
  return family === undefined && isNameBelow(host, name.startsWith("*.") ? name.slice(1) : name);
}

function isNameBelow(host: string, name: string): boolean {
  const ascii = domainToASCII(name) || name;
  return ascii.startsWith(".") ? host.endsWith(ascii) : host === ascii || host.endsWith(`.${ascii}`);
}

function parseCidr(entry: string): ((host: string, family: Family) => boolean) | undefined {
  const [, address = "", length = ""] = /^([^/]+)\/(\d{1,3})$/.exec(entry) ?? [];
  const wanted = familyOf(address);
  if (wanted === undefined || Number(length) > (wanted === "ipv4" ? 32 : 128)) return undefined;
  const list = new BlockList();
  list.addSubnet(address, Number(length), wanted);
  // A BlockList would let IPv6 ranges such as ::/0 hold IPv4 addresses too.
  return (host, family) => list.check(host, family) && IPV4.check(host, family) === (wanted === "ipv4");
}

function single(address: string, family: Family): BlockList {
  const list = new BlockList();
  list.addAddress(address, family);
  return list;
}

/** `host:port` or `[address]:port`; anything else is a host as it stands. */
function splitPort(entry: string): readonly [host: string, port: string] {
  const [, bracketed, plain = "", port] = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:[\]]*)$/.exec(entry) ?? [];
  return port === undefined ? [entry, ""] : [bracketed ?? plain, port];
}

function familyOf(address: string): Family | undefined {
  switch (isIP(address)) {
    case 4:
      return "ipv4";
    case 6:
      return "ipv6";
    default:
      return undefined;
  }
}

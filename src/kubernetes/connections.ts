import { type AgentOptions, type ClientRequest, Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { isIPv6 } from "node:net";
import type { Duplex } from "node:stream";
import { type ConnectionOptions, checkServerIdentity, type PeerCertificate, rootCertificates } from "node:tls";
import { HttpProxyAgent, HttpsProxyAgent } from "hpagent";
import { SocksProxyAgent } from "socks-proxy-agent";
import { messageOf } from "./cause.ts";
import { describeProxy, type ProxyServer } from "./proxy.ts";

const CONNECTIONS = 32;
/** How long a proxy may take to lead us to the server. */
const TUNNEL_MS = 10_000;

/** The proxy does not lead to the server. */
export class ProxyFailure extends Error {
  readonly hint: string;
  /** The proxy does not want to: another try would fail just the same. */
  readonly isRefusal: boolean;

  constructor(proxy: ProxyServer, cause: unknown) {
    const reason = messageOf(cause);
    const code = Number(/^Bad response: (\d+)$/.exec(reason)?.[1] ?? 0);
    const what = code === 0 ? `does not lead there: ${reason}` : `refuses to lead there: it answered ${code}`;
    super(`${describeProxy(proxy)} ${what}`, { cause });
    this.isRefusal = code >= 400 && code < 500;
    this.hint =
      code === 407
        ? `Put the user and the password that it wants into ${proxy.setBy}: ${proxy.url.protocol}//user:password@host:port`
        : `Check ${proxy.setBy}; a server that can be reached without a proxy belongs into NO_PROXY`;
  }
}

/** Connections that are kept open, straight to the server or through a proxy. */
export function keptConnections(server: URL, proxy: ProxyServer | undefined): HttpAgent | HttpsAgent {
  const options = { keepAlive: true, maxSockets: CONNECTIONS, maxFreeSockets: CONNECTIONS };
  const isSecure = server.protocol === "https:";
  if (proxy === undefined) return isSecure ? new HttpsAgent(options) : new HttpAgent(options);
  if (proxy.url.protocol.startsWith("socks")) return new SocksAgent(proxy, { ...options, isSecure });
  return tunnels(proxy, { ...options, isSecure });
}

function tunnels(
  proxy: ProxyServer,
  { isSecure, ...options }: AgentOptions & { isSecure: boolean },
): HttpAgent | HttpsAgent {
  const { protocol, port, username, password } = proxy.url;
  // Of a URL the agent reads just these; an IPv6 address it wants without brackets.
  const url = { protocol, hostname: bare(proxy.url.hostname), port, username, password } as URL;
  const ca = proxy.ca === undefined ? {} : { ca: [...rootCertificates, proxy.ca] };
  const agent = new (isSecure ? HttpsProxyAgent : HttpProxyAgent)({ ...options, proxy: url, proxyRequestOptions: ca });
  const createConnection = agent.createConnection.bind(agent);
  agent.createConnection = (given: TunnelOptions, callback) => {
    const host = given.host ?? "";
    // As the request for a tunnel spells it; the certificate spells it otherwise.
    const spelling = isIPv6(host) ? { host: `[${host}]`, checkServerIdentity: identityOf(given) } : {};
    return createConnection({ ...given, ...spelling, timeout: TUNNEL_MS }, (error: Error | null, socket: Duplex) =>
      callback?.(error === null ? null : new ProxyFailure(proxy, error), socket),
    );
  };
  return agent;
}

/** What Node hands to an agent that is to connect. */
type TunnelOptions = Pick<ConnectionOptions, "servername"> & { readonly host?: string | null | undefined };

class SocksAgent extends SocksProxyAgent {
  readonly #proxy: ProxyServer;

  constructor(proxy: ProxyServer, { isSecure, ...options }: AgentOptions & { isSecure: boolean }) {
    // kubectl leaves names to the proxy to resolve, as `socks5h` does here.
    const url = new URL(proxy.url.href.replace(/^socks5h?:/, "socks5h:"));
    super(url, { ...options, secureEndpoint: isSecure } as AgentOptions);
    this.#proxy = proxy;
  }

  override async connect(request: ClientRequest, options: Parameters<SocksProxyAgent["connect"]>[1]) {
    try {
      return await super.connect(request, { ...options, checkServerIdentity: identityOf(options) } as typeof options);
    } catch (cause) {
      throw new ProxyFailure(this.#proxy, cause);
    }
  }
}

/** Holds a certificate against the server's own name, whatever name the connection goes by. */
function identityOf({ servername, host }: TunnelOptions): NonNullable<ConnectionOptions["checkServerIdentity"]> {
  return (_: string, certificate: PeerCertificate) => checkServerIdentity(servername || host || "", certificate);
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "");
}

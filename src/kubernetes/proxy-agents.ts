import type { AgentOptions, ClientRequest, Agent as HttpAgent } from "node:http";
import type { Agent as HttpsAgent } from "node:https";
import { isIPv6 } from "node:net";
import type { Duplex } from "node:stream";
import { type ConnectionOptions, checkServerIdentity, type PeerCertificate, rootCertificates } from "node:tls";
import { HttpProxyAgent, HttpsProxyAgent } from "hpagent";
import { SocksProxyAgent } from "socks-proxy-agent";
import { ProxyFailure, type ProxyServer } from "./proxy.ts";

/** How long a proxy may take to lead us to the server. */
const TUNNEL_MS = 10_000;

interface ProxyAgentOptions extends AgentOptions {
  /** The server speaks TLS. */
  readonly isSecure: boolean;
}

/** Connects through a proxy; what goes wrong on the way is a ProxyFailure. */
export function agentThrough(proxy: ProxyServer, options: ProxyAgentOptions): HttpAgent | HttpsAgent {
  return proxy.url.protocol.startsWith("socks") ? new SocksAgent(proxy, options) : tunnels(proxy, options);
}

function tunnels(proxy: ProxyServer, { isSecure, ...options }: ProxyAgentOptions): HttpAgent | HttpsAgent {
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

  constructor(proxy: ProxyServer, { isSecure, ...options }: ProxyAgentOptions) {
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

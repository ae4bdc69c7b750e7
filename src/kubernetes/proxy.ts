import { UserError } from "../errors/index.ts";
import { messageOf } from "./cause.ts";
import { mayBeProxied } from "./no-proxy.ts";

/** A proxy that stands between us and an API server. */
export interface ProxyServer {
  /** With user and password, if it wants them; its scheme is http, https, socks5 or socks5h. */
  readonly url: URL;
  /** For people: `HTTPS_PROXY`, or `proxy-url in the kubeconfig`. */
  readonly setBy: string;
  /** What an https proxy's certificate may be signed by, besides the authorities that everybody trusts; PEM. */
  readonly ca?: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const SCHEMES = ["http:", "https:", "socks5:", "socks5h:"];
const PROXY_URL = "proxy-url in the kubeconfig";

/**
 * The proxy that kubectl would use: `proxyUrl` of the kubeconfig's cluster, else the environment's by the rules of Go's
 * http.ProxyFromEnvironment. Throws a UserError for one that netproof cannot use.
 */
export function chooseProxy(server: URL, proxyUrl: string | undefined, env: Environment): ProxyServer | undefined {
  if (proxyUrl) return supported(parseUrl(proxyUrl), proxyUrl, PROXY_URL);
  const names = server.protocol === "https:" ? ["HTTPS_PROXY", "https_proxy"] : ["HTTP_PROXY", "http_proxy"];
  const setBy = names.find((name) => env[name]);
  const text = setBy === undefined ? undefined : env[setBy];
  if (setBy === undefined || text === undefined) return undefined;
  if (!mayBeProxied(server, env.NO_PROXY || env.no_proxy || "")) return undefined;
  const url = parseUrl(text);
  // `proxy:3128` reads as a URL too, of the scheme `proxy:`.
  return supported(url === undefined || url.host === "" ? parseUrl(`http://${text}`) : url, text, setBy);
}

/** The proxy without its password. */
export function describeProxy({ url, setBy }: ProxyServer): string {
  return `the proxy ${url.protocol}//${url.host} (${setBy})`;
}

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

function supported(url: URL | undefined, text: string, setBy: string): ProxyServer {
  if (url !== undefined && url.host !== "" && SCHEMES.includes(url.protocol)) return { url, setBy };
  throw new UserError(
    "PROXY_UNSUPPORTED",
    `Cannot use the proxy of ${setBy}: "${text.replace(/\/\/[^/@]*@/, "//…@")}" is no URL of a proxy`,
    { hint: "Write it as http://host:port, https://host:port or socks5://host:port" },
  );
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

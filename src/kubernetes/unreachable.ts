import { codeOf, messageOf } from "./cause.ts";
import { ProxyFailure } from "./proxy.ts";

interface Reason {
  /** As after "Cannot …:". */
  readonly state: string;
  readonly hint: string;
}

const ADDRESS = "Check the address of the server in the kubeconfig";
const UNKNOWN_AUTHORITY = /^(SELF_SIGNED|DEPTH_ZERO|UNABLE_TO|CERT_SIGNATURE|CERT_UNTRUSTED)/;

/** What kept a call from the API server, and what to do about it. */
export function whyUnreachable({ origin, hostname }: URL, cause: unknown): Reason {
  const server = `the API server at ${origin}`;
  if (cause instanceof ProxyFailure) {
    return { state: `${server} cannot be reached: ${cause.message}`, hint: cause.hint };
  }
  const tls = whyNoTls(hostname, cause);
  if (tls !== undefined) return { ...tls, state: `${server} ${tls.state}` };
  if (codeOf(cause) === "ENOTFOUND") {
    return { state: `no address is known for "${hostname}"`, hint: `${ADDRESS}, and your network` };
  }
  return {
    state: `${server} does not answer: ${messageOf(cause)}`,
    hint: `${ADDRESS}, that the cluster runs, and whether it needs a VPN or a proxy (HTTPS_PROXY)`,
  };
}

/** Undefined where TLS is not to blame. */
function whyNoTls(hostname: string, cause: unknown): Reason | undefined {
  const code = codeOf(cause);
  if (UNKNOWN_AUTHORITY.test(code)) {
    return {
      state: `cannot be trusted: its certificate is not signed by the kubeconfig's certificate authority (${code})`,
      hint: "Get the cluster's kubeconfig anew; if a proxy opens TLS connections here, its authority belongs there too",
    };
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    const { host = hostname } = cause as { host?: string };
    return {
      state: `cannot be trusted: its certificate is not for "${host}"`,
      hint: "Use a name that the certificate holds as the server in the kubeconfig, or as its tls-server-name",
    };
  }
  if (code.startsWith("CERT_")) {
    return {
      state: `cannot be trusted: ${messageOf(cause)}`,
      hint: "Renew the server's certificate, or check this machine's clock",
    };
  }
  if (/^ERR_SSL_.*_ALERT_/.test(code)) {
    return {
      state: `refuses the connection: ${code.replace(/^ERR_SSL_/, "")}`,
      hint: "Your client certificate is not accepted: log in again, or choose another --context",
    };
  }
  if (code === "EPROTO" || code.startsWith("ERR_SSL_")) {
    return { state: `does not speak TLS as it should (${code})`, hint: ADDRESS };
  }
  return undefined;
}

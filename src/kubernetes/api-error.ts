import { UserError } from "../errors/index.ts";
import { codeOf, messageOf } from "./cause.ts";
import { ProxyFailure } from "./connections.ts";
import { refusalHint } from "./refusal-hint.ts";

/** What an API server says in place of an answer: `Status` of meta/v1. */
export interface ApiStatus {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  /** How long the server asks to wait, if it does. */
  readonly retryAfterMs?: number;
}

/** An answer of the API server that is not a success. */
export class ApiError extends UserError {
  readonly status: ApiStatus;

  constructor(what: string, status: ApiStatus) {
    const hint = refusalHint(what, status);
    super("API_REFUSED", `Cannot ${what}: the API server answered ${status.code}: ${status.message}`, {
      ...(hint === undefined ? {} : { hint }),
    });
    this.status = status;
  }
}

/** The API server could not be asked at all. */
export class ApiUnreachable extends UserError {
  /** Another try would fail just the same: a name that does not resolve, a certificate that does not fit. */
  readonly isLasting: boolean;

  constructor(what: string, server: URL, cause: unknown) {
    const { state, hint } = stateOf(server, cause);
    super("API_UNREACHABLE", `Cannot ${what}: ${state}`, { hint, cause });
    const isRefusal = cause instanceof ProxyFailure && cause.isRefusal;
    this.isLasting = isRefusal || LASTING.test(codeOf(cause instanceof ProxyFailure ? cause.cause : cause));
  }
}

const LASTING =
  /^(ENOTFOUND|CERT_|ERR_TLS|ERR_SSL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH|ERR_INVALID|EPROTO)/;
const UNKNOWN_AUTHORITY = /^(SELF_SIGNED|DEPTH_ZERO|UNABLE_TO|CERT_SIGNATURE|CERT_UNTRUSTED)/;

function stateOf({ origin, hostname }: URL, cause: unknown): { state: string; hint: string } {
  const server = `the API server at ${origin}`;
  const code = codeOf(cause);
  const address = "Check the address of the server in the kubeconfig";
  if (cause instanceof ProxyFailure) {
    return { state: `${server} cannot be reached: ${cause.message}`, hint: cause.hint };
  }
  if (UNKNOWN_AUTHORITY.test(code)) {
    return {
      state: `${server} cannot be trusted: its certificate is not signed by the kubeconfig's certificate authority (${code})`,
      hint: "Get the cluster's kubeconfig anew; if a proxy opens TLS connections here, its authority belongs there too",
    };
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    const { host = hostname } = cause as { host?: string };
    return {
      state: `${server} cannot be trusted: its certificate is not for "${host}"`,
      hint: "Use a name that the certificate holds as the server in the kubeconfig, or as its tls-server-name",
    };
  }
  if (code.startsWith("CERT_")) {
    return {
      state: `${server} cannot be trusted: ${messageOf(cause)}`,
      hint: "Renew the server's certificate, or check this machine's clock",
    };
  }
  if (/^ERR_SSL_.*_ALERT_/.test(code)) {
    return {
      state: `${server} refuses the connection: ${code.replace(/^ERR_SSL_/, "")}`,
      hint: "Your client certificate is not accepted: log in again, or choose another --context",
    };
  }
  if (code === "EPROTO" || code.startsWith("ERR_SSL_")) {
    return { state: `${server} does not speak TLS as it should (${code})`, hint: address };
  }
  if (code === "ENOTFOUND")
    return { state: `no address is known for "${hostname}"`, hint: `${address}, and your network` };
  return {
    state: `${server} does not answer: ${messageOf(cause)}`,
    hint: `${address}, that the cluster runs, and whether it needs a VPN or a proxy (HTTPS_PROXY)`,
  };
}

/** Something else is there, such as the login page of a network. */
export function noApi(what: string, server: URL): UserError {
  return new UserError("NO_API", `Cannot ${what}: what answers at ${server.origin} is no Kubernetes API`, {
    hint: "Check the address of the server in the kubeconfig, and whether something stands in between",
  });
}

/** Reads a Status body; a body that is none becomes the message. */
export function readStatus(code: number, body: string, retryAfter?: string): ApiStatus {
  const seconds = Number(retryAfter);
  const wait = Number.isFinite(seconds) && seconds > 0 ? { retryAfterMs: seconds * 1000 } : {};
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === "object" && value !== null && "message" in value) {
      const { reason, message } = value as { reason?: unknown; message: unknown };
      return { code, reason: typeof reason === "string" ? reason : "", message: String(message), ...wait };
    }
  } catch {
    // A proxy in between answers in HTML or not at all.
  }
  return { code, reason: "", message: body.trim().slice(0, 500) || "(no message)", ...wait };
}

export function isStatus(error: unknown, code: number): boolean {
  return error instanceof ApiError && error.status.code === code;
}

import { UserError } from "../errors/index.ts";
import type { ApiStatus } from "./api-status.ts";
import { codeOf } from "./cause.ts";
import { ProxyFailure } from "./proxy.ts";
import { refusalHint } from "./refusal-hint.ts";
import { whyUnreachable } from "./unreachable.ts";

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
    const { state, hint } = whyUnreachable(server, cause);
    super("API_UNREACHABLE", `Cannot ${what}: ${state}`, { hint, cause });
    const isRefusal = cause instanceof ProxyFailure && cause.isRefusal;
    this.isLasting = isRefusal || LASTING.test(codeOf(cause instanceof ProxyFailure ? cause.cause : cause));
  }
}

const LASTING =
  /^(ENOTFOUND|CERT_|ERR_TLS|ERR_SSL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH|ERR_INVALID|EPROTO)/;

/** Something else is there, such as the login page of a network. */
export function noApi(what: string, server: URL): UserError {
  return new UserError("NO_API", `Cannot ${what}: what answers at ${server.origin} is no Kubernetes API`, {
    hint: "Check the address of the server in the kubeconfig, and whether something stands in between",
  });
}

export function isStatus(error: unknown, code: number): boolean {
  return error instanceof ApiError && error.status.code === code;
}

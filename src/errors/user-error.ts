import { EXIT, type ExitCode } from "./exit-codes.ts";

/**
 * What kind of thing the user can mend: `usage` is a flag or a manifest (exit 2), `environment` the cluster,
 * the machine or the rights on them (exit 3).
 */
export type UserErrorKind = "usage" | "environment";

interface UserErrorOptions {
  /** What to do next; shown on a line of its own. */
  readonly hint?: string;
  readonly cause?: unknown;
  readonly kind?: UserErrorKind;
}

/**
 * An error that the user can act on. Its message says what could not be done, a colon, and the state found; values stand
 * in quotes; no final period. Anything else that is thrown is a bug in netproof.
 */
export class UserError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly kind: UserErrorKind;

  constructor(code: string, message: string, options: UserErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "UserError";
    this.code = code;
    this.hint = options.hint;
    this.kind = options.kind ?? "environment";
  }

  get exitCode(): ExitCode {
    return this.kind === "usage" ? EXIT.usage : EXIT.inconclusive;
  }
}

export function isUserError(error: unknown): error is UserError {
  return error instanceof UserError;
}

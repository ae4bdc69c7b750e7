// The one error that a user can act on, and the exit codes of the command line.
// In: what went wrong, at the edge where it entered. Out: a message, a hint, an exit code.
// Not here: printing (cli/), and differences between policy and observation, which are results.
export { EXIT, type ExitCode } from "./exit-codes.ts";
export { printable } from "./printable.ts";
export { isUserError, UserError, type UserErrorKind } from "./user-error.ts";

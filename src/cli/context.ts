import type { Environment, Streams } from "./terminal.ts";

/** What a command gets from outside. */
export interface CommandContext {
  readonly streams: Streams;
  readonly env: Environment;
  readonly version: string;
  /** How this program is started: the first words of a command line. */
  readonly program: readonly string[];
  /** Builds the probe agent if needed; gives its path. `arch` in Go's words. */
  readonly agentBinary: (arch: "amd64" | "arm64") => Promise<string>;
  /** Aborts when the user interrupts; its reason is the exit code that is then due. */
  readonly signal: AbortSignal;
}

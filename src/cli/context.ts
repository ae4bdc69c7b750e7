import type { Environment, Streams } from "./terminal.ts";

/** What a command gets from outside. */
export interface CommandContext {
  readonly streams: Streams;
  readonly env: Environment;
  readonly version: string;
  /** Builds the probe agent if needed; gives its path. `arch` in Go's words. */
  readonly agentBinary: (arch: "amd64" | "arm64") => Promise<string>;
  /** Aborts when the user interrupts; its reason is the exit code that is then due. */
  readonly signal: AbortSignal;
}

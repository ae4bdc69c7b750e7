import { setMaxListeners } from "node:events";
import { EXIT } from "../errors/index.ts";
import type { CommandContext } from "./context.ts";
import { run } from "./run.ts";

declare const NETPROOF_VERSION: string;

/** The program. `agentBinary` knows where the probe agent is, or builds it. */
export async function main({ agentBinary }: Pick<CommandContext, "agentBinary">): Promise<void> {
  // Every call and every process of a run listens to one signal or another.
  setMaxListeners(0);
  const interrupted = new AbortController();
  let unwritten: NodeJS.ErrnoException | undefined;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // A reader that has seen enough, such as `head`, is no error.
    if (error.code !== "EPIPE") unwritten = error;
  });
  // There is nobody left to tell.
  process.stderr.on("error", () => {});
  process.on("uncaughtException", leaveUnfinished);
  const onSignal = (code: number): void => {
    // The first one cleans up, the second leaves at once.
    if (interrupted.signal.aborted) {
      process.stderr.write("Left at once; `netproof cleanup` removes what may remain in a cluster\n");
      process.exit(code);
    }
    process.stderr.write("Interrupted; removing what was made (interrupt again to leave at once)\n");
    interrupted.abort(code);
  };
  process.on("SIGINT", () => onSignal(EXIT.interrupted));
  process.on("SIGTERM", () => onSignal(EXIT.terminated));
  const exitCode = await run(process.argv.slice(2), {
    streams: process,
    env: process.env,
    version: NETPROOF_VERSION,
    program: [process.execPath, ...process.execArgv, process.argv[1] ?? ""],
    agentBinary,
    signal: interrupted.signal,
  });
  // What is left, such as the ends of processes that are dead already, nobody needs to wait for.
  await Promise.all([process.stdout, process.stderr].map(flushed));
  if (unwritten !== undefined) {
    process.stderr.write(`Cannot write the result to stdout: ${unwritten.message}\n`);
    process.exit(EXIT.inconclusive);
  }
  process.exit(exitCode);
}

/** An error that nothing awaits. What the run made goes with its deadline, or with the process. */
function leaveUnfinished(error: NodeJS.ErrnoException): never {
  const isScarce = error.code === "EMFILE" || error.code === "ENFILE" || error.code === "EAGAIN";
  process.stderr.write(
    isScarce
      ? `${error.message}: this process may not have as many files or processes as it needs\n  Raise the limits (\`ulimit -n 1024\`, \`ulimit -u\`), or make fewer pods with --max-pods\n`
      : `This is a bug in netproof, please report it:\n${error.stack ?? error.message}\n`,
  );
  process.exit(isScarce ? EXIT.inconclusive : EXIT.bug);
}

/** Ends when everything written so far has been handed on, or nobody reads any more. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writableLength === 0 || stream.destroyed) resolve();
    else stream.write("", () => resolve());
  });
}

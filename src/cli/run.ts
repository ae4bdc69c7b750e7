import { Command, CommanderError } from "commander";
import { EXIT, type ExitCode, isUserError, printable } from "../errors/index.ts";
import { cleanupCommand } from "./cleanup-command.ts";
import type { CommandContext } from "./context.ts";
import { imageCommand } from "./image-command.ts";
import { labCommand } from "./lab-command.ts";
import { proveCommand } from "./prove-command.ts";

/** Runs one command line, without the program's name. Never throws; the exit code says how it went. */
export async function run(argv: readonly string[], context: CommandContext): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok;
  const program = new Command("netproof")
    .description("Proves by real connections that Kubernetes NetworkPolicies isolate what they claim to isolate")
    .version(context.version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.streams.stdout.write(text),
      writeErr: (text) => context.streams.stderr.write(text),
    })
    .showSuggestionAfterError()
    .addHelpText("after", EXIT_CODES);
  const setExitCode = (code: ExitCode): void => {
    exitCode = code;
  };
  const commands = [
    proveCommand(context, setExitCode),
    imageCommand(context),
    cleanupCommand(context, setExitCode),
    labCommand(context, setExitCode),
  ];
  for (const command of commands) program.addCommand(inheriting(command, program));
  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (error) {
    return explain(error, context);
  }
}

/** Commander's own mistakes end in exit code 2 in commands of commands too. */
function inheriting(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const inner of command.commands) inheriting(inner, command);
  return command;
}

const EXIT_CODES = `
Exit codes:
  0 everything conforms          3 inconclusive, or the environment failed
  1 something leaks or overblocks  4 the cluster does not enforce NetworkPolicy at all
  2 wrong flag or manifest       70 a bug in netproof`;

function explain(error: unknown, { streams, signal }: CommandContext): ExitCode {
  // Commander has written its own message already; asking for help or the version is no mistake.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (signal.aborted) return signal.reason === EXIT.terminated ? EXIT.terminated : EXIT.interrupted;
  if (isUserError(error)) {
    for (const line of error.message.split("\n")) streams.stderr.write(`${printable(line)}\n`);
    if (error.hint !== undefined) streams.stderr.write(`  ${printable(error.hint)}\n`);
    return error.exitCode;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  streams.stderr.write(`This is a bug in netproof, please report it:\n${stack}\n`);
  return EXIT.bug;
}

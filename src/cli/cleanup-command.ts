import { createInterface } from "node:readline/promises";
import { Command } from "commander";
import { EXIT, type ExitCode } from "../errors/index.ts";
import { findLeftovers, findLeftoversWithin, type Leftover, removeLeftover } from "../kubernetes/index.ts";
import { namespaceName } from "./arguments.ts";
import type { CommandContext } from "./context.ts";
import { connect } from "./real-cluster.ts";

interface CleanupFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly runNamespace?: string;
  readonly yes: boolean;
}

export function cleanupCommand(context: CommandContext, setExitCode: (code: ExitCode) => void): Command {
  return new Command("cleanup")
    .description("remove what dead runs have left in a cluster")
    .option("--kubeconfig <file>", "the kubeconfig to use, as kubectl finds it if absent")
    .option("--context <name>", "the kubeconfig's context to use")
    .option("--run-namespace <name>", "look into this namespace alone", namespaceName)
    .option("--yes", "remove what living runs still use too, without asking", false)
    .addHelpText("after", "\nExample:\n  netproof cleanup --context staging")
    .action(async (flags: CleanupFlags) => {
      setExitCode(await cleanUp(flags, context));
    });
}

async function cleanUp(flags: CleanupFlags, context: CommandContext): Promise<ExitCode> {
  const { streams, signal } = context;
  const client = await connect(flags, context);
  try {
    const { runNamespace } = flags;
    const found =
      runNamespace === undefined
        ? await findLeftovers(client, signal)
        : await findLeftoversWithin(client, runNamespace, signal);
    const alive = found.filter(({ isAlive }) => isAlive);
    const dead = found.filter(({ isAlive }) => !isAlive);
    const mayRemoveAll = alive.length === 0 || flags.yes || (await ask(alive, context));
    for (const leftover of mayRemoveAll ? found : dead) {
      await removeLeftover(client, leftover, signal);
      const { kind, namespace, name } = leftover.object;
      const where = namespace === undefined ? name : `${namespace}/${name} and what it owns`;
      streams.stdout.write(`removed ${kind.singular} ${where} (run ${leftover.runId})\n`);
    }
    if (found.length === 0) streams.stdout.write("nothing is left of any run\n");
    if (mayRemoveAll) return EXIT.ok;
    streams.stderr.write(
      `${alive.length} objects of runs that may be going on were left alone; --yes removes them too\n`,
    );
    return EXIT.inconclusive;
  } finally {
    client.close();
  }
}

/** Asks on a terminal; elsewhere nobody answers, and that is a no. */
async function ask(alive: readonly Leftover[], { streams, signal }: CommandContext): Promise<boolean> {
  if (!streams.stderr.isTTY) return false;
  const runs = [...new Set(alive.map(({ runId }) => runId))];
  streams.stderr.write(`${alive.length} objects belong to runs that may be going on (${runs.join(", ")}).\n`);
  const terminal = createInterface({ input: streams.stdin });
  try {
    streams.stderr.write("Remove them as well? [y/N] ");
    return /^y(es)?$/i.test((await terminal.question("", { signal })).trim());
  } finally {
    terminal.close();
  }
}

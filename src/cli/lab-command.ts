import { resolve } from "node:path";
import { Command, Option } from "commander";
import { EXIT, type ExitCode, UserError } from "../errors/index.ts";
import { collect, count } from "./arguments.ts";
import type { CommandContext } from "./context.ts";
import { endKeptLab, startKeptLab } from "./kept-lab.ts";
import { LAB_STACKS, type LabStack, readFaults } from "./lab-cluster.ts";
import { keepLab, type LabWish } from "./lab-keeper.ts";
import { findLab, stateFolder } from "./lab-state.ts";
import { renderLab, renderStarted } from "./lab-text.ts";
import { ProgressLine } from "./terminal.ts";

type SetExitCode = (code: ExitCode) => void;

interface UpFlags {
  readonly nodes: number;
  readonly labFault: readonly string[];
  readonly labDenial: "drop" | "reject";
  readonly labStack: LabStack;
  readonly kubeconfig?: string;
  readonly output: "text" | "json";
}

/** The process that stays behind is this program once more, with this command. */
const KEEP = "keep-until-told";

export function labCommand(context: CommandContext, setExitCode: SetExitCode): Command {
  return new Command("lab")
    .description("an embedded cluster that stays, to try things on with kubectl")
    .addCommand(up(context))
    .addCommand(down(context))
    .addCommand(status(context, setExitCode))
    .addCommand(keep(context, setExitCode), { hidden: true });
}

function up(context: CommandContext): Command {
  return withLabFlags(new Command("up"))
    .description("start a lab in the background and print how to use it; a user has one at a time")
    .addOption(outputOption())
    .addHelpText("after", "\nExample:\n  netproof lab up --nodes 1 && netproof lab status")
    .action((flags: UpFlags) => bringUp(flags, context));
}

function down(context: CommandContext): Command {
  return new Command("down")
    .description("end the lab, and wait until everything of it is gone")
    .addHelpText("after", "\nExample:\n  netproof lab down")
    .action(async () => {
      const wasRunning = await endKeptLab(context);
      context.streams.stdout.write(wasRunning ? "the lab is gone\n" : "no lab is running\n");
    });
}

function status(context: CommandContext, setExitCode: SetExitCode): Command {
  return new Command("status")
    .description("say whether a lab is running, since when, and how to use it")
    .addOption(outputOption())
    .addHelpText("after", "\nExit codes:\n  0 a lab is running   3 none is\n\nExample:\n  netproof lab status -o json")
    .action(async ({ output }: Pick<UpFlags, "output">) => {
      const found = await findLab(stateFolder(context.env));
      context.streams.stdout.write(renderLab(found, output, new Date()));
      setExitCode(found.kind === "running" ? EXIT.ok : EXIT.inconclusive);
    });
}

function keep(context: CommandContext, setExitCode: SetExitCode): Command {
  return withLabFlags(new Command(KEEP))
    .requiredOption("--log-file <file>", "where its stderr goes")
    .action(async (flags: UpFlags & { readonly logFile: string }) => {
      setExitCode(await keepLab({ ...(await readWish(flags)), logFile: flags.logFile }, context));
    });
}

function withLabFlags(command: Command): Command {
  return command
    .option("--nodes <number>", "how many nodes it has", count, 2)
    .addOption(
      new Option("--lab-fault <fault>", "a fault that the lab shall have; may be given several times")
        .argParser(collect)
        .default([], "none"),
    )
    .addOption(
      new Option("--lab-denial <how>", "what a denied packet meets").choices(["drop", "reject"]).default("drop"),
    )
    .addOption(
      new Option("--lab-stack <stack>", "addresses of its pods").choices(Object.keys(LAB_STACKS)).default("ipv4"),
    )
    .option("--kubeconfig <file>", "where to write the kubeconfig; in the state folder if absent", (path) =>
      resolve(path),
    );
}

function outputOption(): Option {
  return new Option("-o, --output <format>", "what goes to stdout").choices(["text", "json"]).default("text");
}

async function bringUp(flags: UpFlags, context: CommandContext): Promise<void> {
  const { streams, agentBinary } = context;
  const { nodes, faults, denial, kubeconfig } = await readWish(flags);
  const { labStack } = flags;
  const progress = new ProgressLine(streams.stderr);
  progress.show("starting the lab");
  try {
    // Here, since it may have to be built, which is to be seen.
    await agentBinary(process.arch === "arm64" ? "arm64" : "amd64");
    const words = [
      ...["lab", KEEP, "--nodes", String(nodes), "--lab-denial", denial, "--lab-stack", labStack],
      ...faults.flatMap((fault) => ["--lab-fault", fault]),
      ...(kubeconfig === undefined ? [] : ["--kubeconfig", kubeconfig]),
    ];
    const state = await startKeptLab(words, context);
    progress.end();
    streams.stdout.write(
      flags.output === "json" ? renderLab({ kind: "running", state }, "json", new Date()) : renderStarted(state),
    );
  } finally {
    progress.end();
  }
}

async function readWish({ nodes, labFault, labDenial: denial, labStack, kubeconfig }: UpFlags): Promise<LabWish> {
  const { MAX_NODES } = await import("../lab/index.ts");
  if (nodes > MAX_NODES) {
    throw new UserError("LAB_TOO_LARGE", `Cannot start a lab of ${nodes} nodes: it has at most ${MAX_NODES}`, {
      hint: `Ask for fewer: --nodes ${MAX_NODES}`,
      kind: "usage",
    });
  }
  const faults = await readFaults(labFault);
  return { nodes, denial, faults, isDual: labStack === "dual", ...(kubeconfig === undefined ? {} : { kubeconfig }) };
}

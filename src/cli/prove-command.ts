import { randomBytes } from "node:crypto";
import { Command, InvalidArgumentError, Option } from "commander";
import type { ExitCode } from "../errors/index.ts";
import { type ProveOptions, prepareProof, prove } from "../prove.ts";
import { type RunRecord, renderJson, renderText } from "../report/index.ts";
import { systemClock } from "./clock.ts";
import type { CommandContext } from "./context.ts";
import { LAB_CIDRS, openLab } from "./lab-cluster.ts";
import { readIntent, readManifests } from "./read-manifests.ts";
import { ProgressLine, paintFor, widthOf } from "./terminal.ts";

interface ProveFlags {
  readonly filename: readonly string[];
  readonly recursive: boolean;
  readonly namespace: string;
  readonly lab: boolean;
  readonly labFault: readonly string[];
  readonly output: "text" | "json";
  readonly require?: string;
  readonly timeout: number;
  readonly readyTimeout: number;
  readonly maxPods: number;
  readonly maxProbes: number;
}

/** Everything is on one machine; what answers later than this counts all the same. */
const LAB_ATTEMPT_MS = 200;

export function proveCommand(context: CommandContext, setExitCode: (code: ExitCode) => void): Command {
  return new Command("prove")
    .description("prove by experiment that policies isolate: without them, with them, and without them again")
    .addOption(
      new Option("-f, --filename <path>", "file, folder or - for stdin; may be given several times")
        .argParser(collect)
        .makeOptionMandatory(),
    )
    .option("-R, --recursive", "read folders in folders too", false)
    .option("-n, --namespace <name>", "the namespace of policies that name none", "default")
    .option("--lab", "prove in the embedded lab, without any cluster", false)
    .addOption(
      new Option("--lab-fault <fault>", "a fault that the lab shall have; may be given several times")
        .argParser(collect)
        .default([], "none"),
    )
    .option("--require <file>", "what must and must not connect, checked too")
    .addOption(new Option("-o, --output <format>", "what goes to stdout").choices(["text", "json"]).default("text"))
    .option("--timeout <seconds>", "how long connections may take to become as expected", seconds, 5)
    .option("--ready-timeout <seconds>", "how long pods may take to run", seconds, 60)
    .option("--max-pods <number>", "the most pods to make", count, 60)
    .option("--max-probes <number>", "the most connections to try", count, 2000)
    .addHelpText("after", "\nExample:\n  netproof prove -f policies/ --lab")
    .action(async (flags: ProveFlags) => {
      setExitCode(await runProve(flags, context));
    });
}

async function runProve(flags: ProveFlags, context: CommandContext): Promise<ExitCode> {
  const { stdin, stderr } = context.streams;
  const manifests = await readManifests({
    from: flags.filename,
    isRecursive: flags.recursive,
    defaultNamespace: flags.namespace,
    stdin,
  });
  const intent = await readIntent(flags.require, stdin);
  const request = prepareProof(manifests, intent, { maxPods: flags.maxPods, clusterCidrs: LAB_CIDRS });
  const progress = new ProgressLine(stderr);
  try {
    await using opened = await openLab(flags.labFault, context, progress);
    const options = proveOptions(flags, context, progress);
    const record = await prove(opened.cluster, request, options, opened.signal);
    progress.end();
    write(record, flags, context);
    return record.outcome.exitCode;
  } finally {
    progress.end();
  }
}

function proveOptions(flags: ProveFlags, { version, streams }: CommandContext, progress: ProgressLine): ProveOptions {
  return {
    runId: randomBytes(4).toString("hex"),
    key: randomBytes(32).toString("hex"),
    toolVersion: version,
    image: `localhost/netproof-probe:${version}`,
    clock: systemClock,
    timing: { attemptTimeoutMs: LAB_ATTEMPT_MS, deadlineMs: flags.timeout * 1000 },
    readyTimeoutMs: flags.readyTimeout * 1000,
    maxProbes: flags.maxProbes,
    onProgress: progress.show.bind(progress),
    onLeftover: (namespaces, reason) => {
      streams.stderr.write(`Could not remove the namespaces ${namespaces.join(", ")}: ${reason}\n`);
    },
  };
}

function write(record: RunRecord, { output }: ProveFlags, { streams: { stdout }, env }: CommandContext): void {
  const text = { width: widthOf(stdout), paint: paintFor(stdout, env) };
  for (const chunk of output === "json" ? renderJson(record) : renderText(record, text)) stdout.write(chunk);
}

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

function seconds(value: string): number {
  const number = Number(value.replace(/s$/, ""));
  if (!(number > 0 && number <= 3600)) throw new InvalidArgumentError("It is a number of seconds, up to 3600.");
  return number;
}

function count(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError("It is a whole number from 1.");
  return number;
}

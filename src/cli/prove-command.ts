import { randomBytes } from "node:crypto";
import { Command, InvalidArgumentError, Option } from "commander";
import type { ExitCode } from "../errors/index.ts";
import { ApiClient, preloadAccess, readAccess } from "../kubernetes/index.ts";
import { LAB_ENVIRONMENT_FAULTS, LAB_FAULTS, type LabEnvironmentFault, type LabFault, startLab } from "../lab/index.ts";
import { type ProofCluster, prepareProof, prove } from "../prove.ts";
import { type RunRecord, renderJson, renderText } from "../report/index.ts";
import { systemClock } from "./clock.ts";
import type { CommandContext } from "./context.ts";
import { readIntent, readManifests } from "./read-manifests.ts";
import { ProgressLine, paintFor, widthOf } from "./terminal.ts";

interface ProveFlags {
  readonly filename: readonly string[];
  readonly recursive: boolean;
  readonly namespace: string;
  readonly lab: boolean;
  readonly labFault: readonly (LabFault | LabEnvironmentFault)[];
  readonly output: "text" | "json";
  readonly require?: string;
  readonly timeout: number;
  readonly readyTimeout: number;
  readonly maxPods: number;
  readonly maxProbes: number;
}

const LAB_CIDRS = ["10.244.0.0/16", "10.250.0.0/24", "10.96.0.0/16"];
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
        .argParser(collectFault)
        .default([] as string[], "none"),
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
  const { streams, signal } = context;
  const manifests = await readManifests({
    from: flags.filename,
    isRecursive: flags.recursive,
    defaultNamespace: flags.namespace,
    stdin: streams.stdin,
  });
  const intent = await readIntent(flags.require, streams.stdin);
  const request = prepareProof(manifests, intent, { maxPods: flags.maxPods, clusterCidrs: LAB_CIDRS });
  const progress = new ProgressLine(streams.stderr);
  const onProgress = progress.show.bind(progress);
  onProgress("starting the lab");
  preloadAccess();
  await using lab = await startLab(
    { nodes: 2, faults: flags.labFault, denial: "drop", agentPath: await context.agentBinary(goArch()) },
    signal,
  );
  const client = new ApiClient(await readAccess({ kind: "text", text: lab.kubeconfig }));
  try {
    const cluster: ProofCluster = {
      client,
      facts: {
        kind: "lab",
        version: context.version,
        nodes: ["node1", "node2"],
        families: ["IPv4"],
        faults: flags.labFault,
      },
    };
    const options = {
      runId: randomBytes(4).toString("hex"),
      key: randomBytes(32).toString("hex"),
      toolVersion: context.version,
      image: `localhost/netproof-probe:${context.version}`,
      clock: systemClock,
      timing: { attemptTimeoutMs: LAB_ATTEMPT_MS, deadlineMs: flags.timeout * 1000 },
      readyTimeoutMs: flags.readyTimeout * 1000,
      maxProbes: flags.maxProbes,
      onProgress,
      onLeftover: (namespaces: readonly string[], reason: string) => {
        streams.stderr.write(`Could not remove the namespaces ${namespaces.join(", ")}: ${reason}\n`);
      },
    };
    const record = await prove(cluster, request, options, signal);
    progress.end();
    write(record, flags, context);
    return record.outcome.exitCode;
  } finally {
    progress.end();
    client.close();
  }
}

function write(record: RunRecord, { output }: ProveFlags, { streams: { stdout }, env }: CommandContext): void {
  const text = { width: widthOf(stdout), paint: paintFor(stdout, env) };
  for (const chunk of output === "json" ? renderJson(record) : renderText(record, text)) stdout.write(chunk);
}

function goArch(): "amd64" | "arm64" {
  return process.arch === "arm64" ? "arm64" : "amd64";
}

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

function collectFault(value: string, previous: readonly string[]): readonly string[] {
  const known: readonly string[] = [...LAB_FAULTS, ...LAB_ENVIRONMENT_FAULTS];
  if (!known.includes(value)) throw new InvalidArgumentError(`The lab knows these faults: ${known.join(", ")}.`);
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

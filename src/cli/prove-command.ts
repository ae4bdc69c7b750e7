import { randomBytes } from "node:crypto";
import { Command, Option } from "commander";
import { type ExitCode, isUserError, UserError } from "../errors/index.ts";
import { imageName, PROBE } from "../image/index.ts";
import { type ExternalTarget, type Placement, speaksOfIpv6 } from "../plan/index.ts";
import { type ProofRequest, type ProveOptions, prepareProof, prove } from "../prove.ts";
import { type RunRecord, renderJson, renderText } from "../report/index.ts";
import { collect, count, externalTarget, namespaceName, seconds } from "./arguments.ts";
import { systemClock } from "./clock.ts";
import type { CommandContext } from "./context.ts";
import { LAB_CIDRS, LAB_STACKS, type LabStack, type OpenCluster, openLab } from "./lab-cluster.ts";
import { readIntent, readManifests } from "./read-manifests.ts";
import { openRealCluster, withLive } from "./real-cluster.ts";
import { ProgressLine, paintFor, widthOf } from "./terminal.ts";
import { checkReports, parseReport, type ReportFile, writeFailure, writeReports } from "./write-reports.ts";

/** What a proof has to do with its surroundings, beside the flags. */
interface ProveSurroundings {
  readonly context: CommandContext;
  readonly progress: ProgressLine;
  /** Gets what could not be removed at the end. */
  readonly left: string[];
}

interface ProveFlags {
  readonly filename: readonly string[];
  readonly recursive: boolean;
  readonly namespace: string;
  readonly require?: string;
  readonly lab: boolean;
  readonly labFault: readonly string[];
  readonly labDenial: "drop" | "reject";
  readonly labStack?: LabStack;
  readonly external: readonly ExternalTarget[];
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly runNamespace?: string;
  readonly withLive: boolean;
  readonly probeImage: string;
  readonly imagePullSecret?: string;
  readonly output: "text" | "json";
  readonly report: readonly ReportFile[];
  readonly timeout?: number;
  readonly readyTimeout: number;
  readonly deadline: number;
  readonly maxPods: number;
  readonly maxProbes: number;
  readonly maxNeighbours: number;
}

/** How long an attempt waits for its answer, and connections to become as expected. What answers later counts all the same. */
const LAB_TIMING = { attemptTimeoutMs: 200, deadlineMs: 5_000 };
const CLUSTER_TIMING = { attemptTimeoutMs: 500, deadlineMs: 8_000 };
/** Where not one packet has been stopped in this part of the usual time, the rest of it would change nothing. */
const FIRST_EFFECT = 0.75;
/** Yet never less than this: the verdict on a whole cluster needs as much. */
const LEAST_FIRST_EFFECT_MS = 5_000;

export function proveCommand(context: CommandContext, setExitCode: (code: ExitCode) => void): Command {
  return new Command("prove")
    .description("prove by experiment that policies isolate: without them, with them, and without them again")
    .addOption(
      new Option("-f, --filename <path>", "file, folder or - for stdin; may be given several times")
        .argParser(collect)
        .makeOptionMandatory(),
    )
    .option("-R, --recursive", "read folders in folders too", false)
    .option("-n, --namespace <name>", "the namespace of policies that name none", namespaceName, "default")
    .option("--require <file>", "what must and must not connect, checked too")
    .option("--lab", "prove in the embedded lab, without any cluster", false)
    .addOption(
      new Option("--lab-fault <fault>", "a fault that the lab shall have; may be given several times")
        .argParser(collect)
        .default([], "none"),
    )
    .addOption(
      new Option("--lab-denial <how>", "what a denied packet meets in the lab")
        .choices(["drop", "reject"])
        .default("drop"),
    )
    .addOption(
      new Option("--lab-stack <stack>", "addresses of the lab's pods (dual where the files speak of IPv6)").choices([
        ...Object.keys(LAB_STACKS),
      ]),
    )
    .addOption(
      new Option(
        "--external <address:port>",
        "an address outside the cluster that accepts TCP connections there; may be given several times",
      )
        .argParser(externalTarget)
        .default([], "none"),
    )
    .option("--kubeconfig <file>", "the kubeconfig to use, as kubectl finds it if absent")
    .option("--context <name>", "the kubeconfig's context to use")
    .option("--probe-image <image>", "the image of the probe pods", imageName(PROBE, context.version))
    .option("--image-pull-secret <name>", "a secret of the run's namespaces with which the image can be pulled")
    .option("--run-namespace <name>", "make everything in this one namespace, which is there already", namespaceName)
    .option("--with-live", "take in what is already in the policies' namespaces of the cluster", false)
    .addOption(new Option("-o, --output <format>", "what goes to stdout").choices(["text", "json"]).default("text"))
    .addOption(
      new Option("--report <format=file>", "write a report (text, json, junit) into a file; may be given several times")
        .argParser(parseReport)
        .default([], "none"),
    )
    .option("--timeout <seconds>", "how long connections may take to become as expected (8, in the lab 5)", seconds)
    .option("--ready-timeout <seconds>", "how long pods may take to run", seconds, 60)
    .option(
      "--deadline <seconds>",
      "after this pods and policies of the run remove themselves, whatever happens",
      seconds,
      600,
    )
    .option("--max-pods <number>", "the most pods to make", count, 60)
    .option("--max-probes <number>", "the most connections to try", count, 2000)
    .option(
      "--max-neighbours <number>",
      "the most entries to take of a node's neighbour table, where pods share a link",
      count,
      600,
    )
    .addHelpText(
      "after",
      "\nExamples:\n  netproof prove -f policies/ --lab\n  netproof prove -f policies/ --report junit=out.xml",
    )
    .action(async (flags: ProveFlags) => {
      setExitCode(await runProve(flags, context));
    });
}

async function runProve(flags: ProveFlags, context: CommandContext): Promise<ExitCode> {
  const progress = new ProgressLine(context.streams.stderr);
  const left: string[] = [];
  await checkReports(flags.report);
  try {
    const request = await readRequest(flags, context);
    // Replaced at the end: a run that is killed on the way has left a report that says so.
    await writeFailure(flags.report, "The run did not come to its end", new Date().toISOString());
    const record = await proveOn(request, flags, { context, progress, left });
    progress.end();
    await writeReports(flags.report, record);
    show(record, flags, context);
    return record.outcome.exitCode;
  } catch (error) {
    if (isUserError(error)) await writeFailure(flags.report, error.message, new Date().toISOString());
    progress.end();
    if (context.signal.aborted && left.length === 0) {
      context.streams.stderr.write("Everything that was made has been removed\n");
    }
    throw error;
  } finally {
    progress.end();
  }
}

async function readRequest(flags: ProveFlags, context: CommandContext): Promise<LabRequest> {
  const { stdin } = context.streams;
  if (flags.labFault.length > 0 && !flags.lab) {
    throw new UserError("FAULT_WITHOUT_LAB", "Only the lab has faults on demand", { hint: "Add --lab", kind: "usage" });
  }
  if (flags.runNamespace !== undefined && flags.lab) {
    throw new UserError("NAMESPACE_IN_LAB", "The lab is the run's own: there is no namespace that is there already", {
      hint: "Leave --run-namespace out, or prove on a lab that stays: netproof lab up",
      kind: "usage",
    });
  }
  if (flags.external.length > 0 && flags.lab) {
    throw new UserError("EXTERNAL_IN_LAB", "The lab reaches nothing outside this machine", {
      hint: "Leave --external out: the lab has a host outside of its own",
      kind: "usage",
    });
  }
  if (flags.require === "-" && flags.filename.includes("-")) {
    throw new UserError("STDIN_TWICE", "stdin can be read once: -f - and --require - both ask for it", {
      hint: "Put one of the two into a file",
      kind: "usage",
    });
  }
  const { filename: from, recursive: isRecursive, namespace: defaultNamespace, maxPods } = flags;
  const files = await readManifests({ from, isRecursive, defaultNamespace, stdin });
  const manifests = flags.withLive ? await withLive(files, flags, context) : files;
  const intent = await readIntent(flags.require, stdin);
  const clusterCidrs = flags.lab ? LAB_CIDRS : undefined;
  const stack = flags.labStack ?? (speaksOfIpv6(manifests, intent) ? "dual" : "ipv4");
  const runId = randomBytes(4).toString("hex");
  const placement = placementOf(flags, runId);
  const limits = { maxPods, clusterCidrs, families: LAB_STACKS[stack], externals: flags.external };
  return { ...prepareProof(manifests, intent, { runId, placement, ...limits }), stack };
}

/** What is to be proven, and the stack of the lab that can show it. */
interface LabRequest extends ProofRequest {
  readonly stack: LabStack;
}

function placementOf({ lab, runNamespace }: ProveFlags, runId: string): Placement {
  if (lab) return { kind: "own-cluster" };
  return runNamespace === undefined ? { kind: "throwaway" } : { kind: "within", namespace: runNamespace, runId };
}

async function proveOn(request: LabRequest, flags: ProveFlags, surroundings: ProveSurroundings): Promise<RunRecord> {
  const { context, progress } = surroundings;
  await using opened: OpenCluster = flags.lab
    ? await openLab({ faults: flags.labFault, denial: flags.labDenial, stack: request.stack }, context, progress)
    : await openRealCluster(flags, context);
  // Awaited here: the cluster stays open until it is done.
  return await prove(opened.cluster, request, proveOptions(flags, surroundings), opened.signal);
}

function proveOptions(flags: ProveFlags, { context, progress, left }: ProveSurroundings): ProveOptions {
  const { version, streams } = context;
  const usual = flags.lab ? LAB_TIMING : CLUSTER_TIMING;
  const deadlineMs = flags.timeout === undefined ? usual.deadlineMs : flags.timeout * 1000;
  const firstEffectMs =
    flags.timeout === undefined ? Math.max(FIRST_EFFECT * deadlineMs, LEAST_FIRST_EFFECT_MS) : deadlineMs;
  return {
    key: randomBytes(32).toString("hex"),
    toolVersion: version,
    image: flags.probeImage,
    ...(flags.imagePullSecret === undefined ? {} : { imagePullSecret: flags.imagePullSecret }),
    clock: systemClock,
    timing: { ...usual, deadlineMs, firstEffectMs },
    readyTimeoutMs: flags.readyTimeout * 1000,
    deadlineSeconds: Math.ceil(flags.deadline),
    maxProbes: flags.maxProbes,
    maxNeighbours: flags.maxNeighbours,
    onProgress: progress.show.bind(progress),
    onLeftover: (what, reason) => {
      left.push(...what);
      streams.stderr.write(
        `Could not remove ${what.join(", ")}: ${reason}\n  Remove them with \`netproof cleanup\`; their pods and policies go by themselves\n`,
      );
    },
  };
}

function show(record: RunRecord, { output }: ProveFlags, { streams: { stdout }, env }: CommandContext): void {
  const text = { width: widthOf(stdout), paint: paintFor(stdout, env) };
  for (const chunk of output === "json" ? renderJson(record) : renderText(record, text)) stdout.write(chunk);
}

import { UserError } from "../errors/index.ts";
import { ApiClient, preloadAccess, readAccess } from "../kubernetes/index.ts";
import type { LabEnvironmentFault, LabFault } from "../lab/index.ts";
import type { ProofCluster } from "../prove.ts";
import type { CommandContext } from "./context.ts";
import type { ProgressLine } from "./terminal.ts";

/** Ranges of the lab's pods, nodes and services. */
export const LAB_CIDRS = [
  "10.244.0.0/16",
  "10.250.0.0/24",
  "10.96.0.0/16",
  "fd00:10:244::/48",
  "fd00:10:250::/48",
  "fd00:10:96::/112",
];

/** The address families of a lab's pods. */
export const LAB_STACKS = { ipv4: [4], dual: [4, 6] } as const;
export type LabStack = keyof typeof LAB_STACKS;

/** A cluster for the time of one run. */
export interface OpenCluster extends AsyncDisposable {
  readonly cluster: ProofCluster;
  /** Aborts with the user's signal, and with a UserError when the cluster itself breaks. */
  readonly signal: AbortSignal;
}

const NODES = ["node1", "node2"];

/** Starts a lab and connects to it, as to any cluster. */
export async function openLab(
  wanted: { readonly faults: readonly string[]; readonly denial: "drop" | "reject"; readonly stack: LabStack },
  { agentBinary, version, signal }: CommandContext,
  progress: ProgressLine,
): Promise<OpenCluster> {
  const { startLab } = await import("../lab/index.ts");
  const faults = await readFaults(wanted.faults);
  progress.show("starting the lab");
  preloadAccess();
  const agentPath = await agentBinary(process.arch === "arm64" ? "arm64" : "amd64");
  const { denial, stack } = wanted;
  const lab = await startLab({ nodes: NODES.length, faults, denial, isDual: stack === "dual", agentPath }, signal);
  const broken = new AbortController();
  let isClosing = false;
  void lab.broken.then((reason) => {
    if (isClosing) return;
    broken.abort(
      new UserError("LAB_BROKEN", `The lab broke down: ${reason}`, { hint: "Try again; `dmesg` may tell more" }),
    );
  });
  const either = AbortSignal.any([signal, broken.signal]);
  const client = new ApiClient(await readAccess({ kind: "text", text: lab.kubeconfig }, { env: {} }));
  return {
    cluster: {
      client,
      facts: { kind: "lab", version, nodes: NODES, faults },
      warnings: [],
      policyKinds: [],
      imageHint: "",
    },
    signal: either,
    [Symbol.asyncDispose]: async () => {
      isClosing = true;
      client.close();
      await lab[Symbol.asyncDispose]();
    },
  };
}

/** Throws a UserError for a fault that the lab does not have. */
export async function readFaults(wanted: readonly string[]): Promise<readonly (LabFault | LabEnvironmentFault)[]> {
  const { LAB_FAULTS, LAB_ENVIRONMENT_FAULTS } = await import("../lab/index.ts");
  const known = [...LAB_FAULTS, ...LAB_ENVIRONMENT_FAULTS];
  return wanted.map((word) => {
    const fault = known.find((candidate) => candidate === word);
    if (fault !== undefined) return fault;
    throw new UserError("UNKNOWN_FAULT", `The lab has no fault "${word}"`, {
      hint: `The lab knows these faults: ${known.join(", ")}`,
      kind: "usage",
    });
  });
}

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import type { Holder } from "./holder.ts";
import { NETNS_FOLDER, POD_ROOT } from "./scripts.ts";

/** A network namespace of the lab by its name, or the holder's own, which is the router between the nodes. */
export type Netns = string | undefined;

/** `pod`: no capabilities, no root where root is real. `node`: the network's own, as a node's agents have them. */
export type Confinement = "pod" | "node";

/** Of the wrappers; what a pod's process gets is named on its own command line. */
const ENVIRONMENT = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };

export const POD_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** As in the image of the agent, and never a user of the host. */
const POD_USER = 65532;

interface Confined {
  readonly netns: Netns;
  readonly confinement: Confinement;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Starts a program on the pods' read-only root. `setpriv` makes it die with the wrapper that waits for it outside.
 * Its environment is set last, after all rights are dropped: LD_PRELOAD in a pod's spec must not reach a wrapper.
 */
export function startConfined(holder: Holder, argv: readonly string[], options: Confined) {
  const { netns, confinement, env } = options;
  const root = insidePath(holder, POD_ROOT);
  const variables = Object.entries({ PATH: POD_PATH, ...env }).map(([name, value]) => `${name}=${value}`);
  return start(holder, netns, [
    // Without --wd the working directory would stay outside of the root, and be the way out of it.
    ...[
      `--root=${root}`,
      `--wd=${root}`,
      "--",
      holder.tools.setpriv,
      "--pdeathsig",
      "KILL",
      "--no-new-privs",
      "--inh-caps=-all",
    ],
    ...(confinement === "node"
      ? ["--bounding-set=-all,+net_admin,+net_raw,+net_bind_service"]
      : ["--bounding-set=-all"]),
    // In a user namespace only its one user exists.
    ...(confinement === "pod" && !holder.hasUserNamespace
      ? [`--reuid=${POD_USER}`, `--regid=${POD_USER}`, "--clear-groups"]
      : []),
    ...["--", "env", "-i", ...variables, ...argv],
  ]);
}

/** Runs one of the lab's own tools to its end. @throws with what it wrote to stderr */
export async function runTool(holder: Holder, netns: Netns, argv: readonly string[], input = ""): Promise<string> {
  // The holder's own root, which is another than its mount namespace's where netproof itself runs in a chroot.
  const child = start(holder, netns, ["--root", "--", ...argv]);
  child.stdin.on("error", () => {}); // the exit status says it better
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  if (code === 0) return stdout;
  const message = stderr.trim() || `"${argv[0]}" ended with ${code === null ? "a signal" : `status ${code}`}`;
  throw new Error(holder.isGone() ? `The lab's network is gone: ${message}` : message);
}

/** A path inside the lab's mount namespace, as this process reaches it. */
export function insidePath(holder: Holder, path: string): string {
  return `/proc/${holder.pid}/root${path}`;
}

function start(holder: Holder, netns: Netns, rest: readonly string[]): ChildProcessWithoutNullStreams {
  const net = netns === undefined ? "--net" : `--net=${insidePath(holder, `${NETNS_FOLDER}/${netns}`)}`;
  const user = holder.hasUserNamespace ? ["--user", "--preserve-credentials"] : [];
  return spawn(holder.tools.nsenter, ["--target", String(holder.pid), ...user, "--mount", "--pid", net, ...rest], {
    cwd: "/",
    env: ENVIRONMENT,
    stdio: "pipe",
    // In a process group of its own: Ctrl-C is for this process, which then ends the lab in good order.
    detached: true,
  });
}

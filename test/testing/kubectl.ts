import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { execute } from "./netproof.ts";

/** One command line of a written session, and what it printed: stdout and stderr as they came, then the exit code. */
export interface Exchange {
  readonly command: string;
  readonly output: string;
}

/** The minor version whose words are in the record. */
const RECORDED_MINOR = "1.36";

/** A genuine kubectl, or the reason why there is none. */
export const genuineKubectl = findKubectl();

export function parseSession(text: string): readonly Exchange[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf("\n");
      return { command: part.slice(0, end), output: part.slice(end + 1) };
    });
}

export function renderSession(exchanges: readonly Exchange[]): string {
  return exchanges.map(({ command, output }) => `$ ${command}\n${output}`).join("");
}

/** Plays single command lines, in a shell, with files of `folder` at hand. */
export type Shell = (command: string) => Promise<string>;

interface Place {
  readonly kubectl: string;
  readonly kubeconfig: string;
  readonly namespace: string;
  /** Where the files lie that the command lines name. */
  readonly folder: string;
  /** For kubectl's cache, and a kubeconfig of its own. */
  readonly home: string;
}

export async function openShell({ kubectl, kubeconfig, namespace, folder, home }: Place): Promise<Shell> {
  mkdirSync(join(home, "bin"), { recursive: true });
  symlinkSync(resolve(kubectl), join(home, "bin/kubectl"));
  const own = join(home, "kubeconfig");
  writeFileSync(own, readFileSync(kubeconfig), { mode: 0o600 });
  const env = { PATH: `${join(home, "bin")}${delimiter}${process.env.PATH}`, HOME: home, KUBECONFIG: own };
  const play: Shell = async (command) => {
    const { code, stdout } = await execute(["sh", "-c", `exec 2>&1; cd '${folder}'; ${command}`], { env });
    return normalised(stdout) + (code === 0 ? "" : `[exit ${code}]\n`);
  };
  await play(`kubectl config set-context --current --namespace=${namespace}`);
  return play;
}

/** Without what differs from cluster to cluster and from day to day, and from column to column because of it. */
export function normalised(text: string): string {
  const plain = text
    .replace(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "UID")
    .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "TIME")
    .replace(/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000 UTC/g, "TIME")
    .replace(/(resourceVersion"?: )"\d+"/g, '$1"VERSION"')
    .replace(/\b10\.2\d\d\.\d+\.\d+\b/g, "ADDRESS")
    .replace(/^((?:Client|Server|Kustomize) Version: ).*$/gm, "$1VERSION")
    .replace(/^\d+\.\d+\.\d+\n/gm, "VERSION\n")
    .replace(/(?<=\s)(\d+d)?(\d+h)?(\d+m)?\d+s(?=\s)/g, "AGE")
    .replace(/exec "[0-9a-f]{64}"/g, 'exec "ID"')
    .replace(/(?<=\S) {3,}/g, "   ")
    .replace(/ +$/gm, "");
  return plain === "" || plain.endsWith("\n") ? plain : `${plain}\n`;
}

/** The first of the recorded version; others may well have other words. */
function findKubectl(): { readonly path: string } | { readonly reason: string } {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const places = [
    process.env.NETPROOF_KUBECTL ?? "",
    ...(process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, "kubectl")),
    join(cache, "netproof-test-cluster/bin/kubectl"),
  ];
  const found = places
    .filter((place) => place !== "" && existsSync(place))
    .map((path) => ({ path, version: minorOf(path) }));
  const right = found.find(({ version }) => version === RECORDED_MINOR);
  if (right !== undefined) return right;
  const others = found.map(({ path, version }) => `${path} is ${version}`).join(", ") || "there is none";
  return {
    reason: ` (skipped: the record is of kubectl ${RECORDED_MINOR}, and ${others}; NETPROOF_KUBECTL may name another)`,
  };
}

function minorOf(path: string): string {
  const { stdout, error } = spawnSync(path, ["version", "--client"], { encoding: "utf8" });
  return /^Client Version: v(\d+\.\d+)/m.exec(stdout ?? "")?.[1] ?? error?.message ?? "of no known version";
}

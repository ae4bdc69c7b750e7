import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Why this machine cannot run an image in a chroot, for the title of what is then skipped; undefined if it can. */
export const chrootReason =
  process.platform === "linux" && process.getuid?.() === 0 ? undefined : " (skipped: needs root on Linux for a chroot)";

export interface UnpackedImage {
  readonly architecture: string;
  /** The folder that holds its files. */
  readonly root: string;
  readonly config: {
    readonly User: string;
    readonly Env: readonly string[];
    readonly Entrypoint: readonly string[];
    readonly Cmd: readonly string[];
  };
}

/** Unpacks an OCI archive as a container runtime does, every digest checked. Gives the image for each architecture. */
export function unpackOciArchive(file: string, folder: string): { digest: string; images: readonly UnpackedImage[] } {
  const layout = join(folder, "layout");
  mkdirSync(layout, { recursive: true });
  execFileSync("tar", ["-xf", file, "-C", layout]);
  const [{ digest }] = JSON.parse(readFileSync(join(layout, "index.json"), "utf8")).manifests;
  const blobPath = (name: string): string => join(layout, "blobs", name.replace(":", "/"));
  const read = (name: string) => JSON.parse(checked(blobPath(name), name).toString());
  const images = read(digest).manifests.map((entry: { digest: string; platform: { architecture: string } }) => {
    const { architecture } = entry.platform;
    const root = join(folder, architecture);
    mkdirSync(root);
    const manifest = read(entry.digest);
    for (const layer of manifest.layers) {
      checked(blobPath(layer.digest), layer.digest);
      execFileSync("tar", ["-xpf", blobPath(layer.digest), "-C", root]);
    }
    const { config, architecture: own } = read(manifest.config.digest);
    if (own !== architecture) throw new Error(`The index says ${architecture}, the image's config ${own}`);
    return { architecture, root, config };
  });
  return { digest, images };
}

/** The command that runs an image as a container does: its files, its user, its environment and no other. */
export function inChroot({ root, config }: UnpackedImage, args?: readonly string[]): string[] {
  const user = `--userspec=${config.User}:${config.User}`;
  return ["env", "-i", ...config.Env, "chroot", user, root, ...config.Entrypoint, ...(args ?? config.Cmd)];
}

/** All that lies below a folder: `mode path`, and of files the digest. */
export function treeOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => {
      const path = join(folder, name);
      const stat = statSync(path);
      const mode = (stat.mode & 0o7777).toString(8);
      if (stat.isDirectory()) return `${mode} ${name}/`;
      return `${mode} ${name} ${createHash("sha256").update(readFileSync(path)).digest("hex")}`;
    });
}

function checked(path: string, digest: string): Buffer {
  const bytes = readFileSync(path);
  const found = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  if (found !== digest) throw new Error(`${path} is ${found}, not ${digest}`);
  return bytes;
}

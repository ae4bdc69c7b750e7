import { createReadStream, type Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { isUserError, UserError } from "../errors/index.ts";
import { type Intent, type Manifests, parseIntent, parseManifests, type TextFile } from "../snapshot/index.ts";

export interface ReadOptions {
  /** Files, folders, or `-` for stdin. */
  readonly from: readonly string[];
  /** Folders in folders too. */
  readonly isRecursive: boolean;
  readonly defaultNamespace: string;
  readonly stdin: Readable;
}

/** More than this is not even looked at. */
const MAX_BYTES = 64 << 20;
const EXTENSIONS = /\.(ya?ml|json)$/;

/** Reads manifests as `kubectl -f` does. Throws a UserError where there is nothing to prove. */
export async function readManifests(options: ReadOptions): Promise<Manifests> {
  const files = (await Promise.all(options.from.map((path) => readPath(path, options)))).flat();
  const manifests = parseManifests(files, { defaultNamespace: options.defaultNamespace });
  if (manifests.policies.length === 0) {
    const kinds = Object.entries(manifests.passedOver).map(([kind, count]) => `${count} ${kind}`);
    const others = kinds.length === 0 ? "" : ` (passed over: ${kinds.slice(0, 8).join(", ")})`;
    throw usage("NO_POLICIES", `Found no NetworkPolicy in ${options.from.map(nameOf).join(", ")}${others}`, {
      hint:
        manifests.passedOver["Intent.netproof.dev"] === undefined
          ? "Name the files or folders that hold them with -f; -R reads subfolders too"
          : "What must and must not connect is given with --require; policies with -f",
    });
  }
  return manifests;
}

/** Reads what must and must not connect. Throws a UserError. */
export async function readIntent(path: string | undefined, stdin: Readable): Promise<Intent> {
  if (path === undefined) return { lines: [] };
  return parseIntent(await readPath(path, { isRecursive: false, stdin }));
}

async function readPath(path: string, options: Pick<ReadOptions, "isRecursive" | "stdin">): Promise<TextFile[]> {
  if (path === "-") return [{ name: "stdin", text: (await readStream(options.stdin, "stdin")).toString("utf8") }];
  const found = await sizeOf(path);
  if (!found.isDirectory()) return [await readOne(path, found.size)];
  const names = await listFolder(path, options.isRecursive);
  if (names.length === 0) {
    throw usage("EMPTY_FOLDER", `Found no manifest in folder ${quoted(path)}: it has no .yaml, .yml or .json file`, {
      hint: options.isRecursive
        ? "Name another folder with -f"
        : "Read subfolders too with -R, or name another folder with -f",
    });
  }
  return Promise.all(names.map(async (name) => readOne(name, (await sizeOf(name)).size)));
}

function sizeOf(path: string): Promise<Stats> {
  return stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw usage("UNREADABLE", `Cannot read ${quoted(path)}: ${reasonOf(cause)}`, { cause });
  });
}

async function listFolder(folder: string, isRecursive: boolean): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: isRecursive });
  return entries
    .filter((entry) => !entry.isDirectory() && EXTENSIONS.test(entry.name))
    .map((entry) => join(entry.parentPath ?? folder, entry.name))
    .sort();
}

async function readOne(path: string, size: number): Promise<TextFile> {
  if (size > MAX_BYTES) throw tooLarge(path, size);
  // As a stream: a device or a pipe has no size, and may have no end.
  const bytes = await readStream(createReadStream(path), path).catch((cause: unknown) => {
    if (isUserError(cause)) throw cause;
    throw usage("UNREADABLE", `Cannot read ${quoted(path)}: ${reasonOf(cause as NodeJS.ErrnoException)}`, { cause });
  });
  return { name: path, text: bytes.toString("utf8") };
}

async function readStream(stream: Readable, name: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += (chunk as Buffer).length;
    if (size > MAX_BYTES) throw tooLarge(name, size);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function tooLarge(name: string, size: number): UserError {
  const shown = `${Math.ceil(size / (1 << 20))} MB`;
  return usage("TOO_LARGE", `${name}:1:1: ${shown} are too much for a manifest: at most ${MAX_BYTES >> 20} MB a file`, {
    hint: "Split the file, or name the files that hold NetworkPolicies",
  });
}

function usage(code: string, message: string, options: { hint?: string; cause?: unknown }): UserError {
  return new UserError(code, message, { ...options, kind: "usage" });
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === "ENOENT") return "there is no such file or folder";
  if (code === "EACCES") return "permission denied";
  return message;
}

function nameOf(path: string): string {
  return path === "-" ? "stdin" : quoted(path);
}

function quoted(text: string): string {
  return `"${text}"`;
}

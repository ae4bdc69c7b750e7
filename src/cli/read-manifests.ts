import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { UserError } from "../errors/index.ts";
import { type Manifests, parseManifests, type TextFile } from "../snapshot/index.ts";

export interface ReadOptions {
  /** Files, folders, or `-` for stdin. */
  readonly from: readonly string[];
  /** Folders in folders too. */
  readonly isRecursive: boolean;
  readonly defaultNamespace: string;
  readonly stdin: Readable;
}

/** A file beyond this is no manifest; YAML is read at some megabytes a second. */
const MAX_BYTES = 10 << 20;
const EXTENSIONS = /\.(ya?ml|json)$/;

/** Reads manifests as `kubectl -f` does. Throws a UserError where there is nothing to prove. */
export async function readManifests(options: ReadOptions): Promise<Manifests> {
  const files = (await Promise.all(options.from.map((path) => readPath(path, options)))).flat();
  const manifests = parseManifests(files, { defaultNamespace: options.defaultNamespace });
  if (manifests.policies.length === 0) {
    const kinds = Object.entries(manifests.passedOver).map(([kind, count]) => `${count} ${kind}`);
    const others = kinds.length === 0 ? "" : ` (passed over: ${kinds.slice(0, 8).join(", ")})`;
    throw usage("NO_POLICIES", `Found no NetworkPolicy in ${options.from.map(quoted).join(", ")}${others}`, {
      hint: "Name the files or folders that hold them with -f; -R reads subfolders too",
    });
  }
  return manifests;
}

async function readPath(path: string, options: ReadOptions): Promise<TextFile[]> {
  if (path === "-") return [{ name: "stdin", text: decode("stdin", await readStream(options.stdin)) }];
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw usage("UNREADABLE", `Cannot read ${quoted(path)}: ${reasonOf(cause)}`, { cause });
  });
  if (!found.isDirectory()) return [await readOne(path, found.size)];
  const names = await listFolder(path, options.isRecursive);
  if (names.length === 0) {
    throw usage("EMPTY_FOLDER", `Found no manifest in folder ${quoted(path)}: it has no .yaml, .yml or .json file`, {
      hint: options.isRecursive
        ? "Name another folder with -f"
        : "Read subfolders too with -R, or name another folder with -f",
    });
  }
  return Promise.all(names.map(async (name) => readOne(name, (await stat(name)).size)));
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
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw usage("UNREADABLE", `Cannot read ${quoted(path)}: ${reasonOf(cause)}`, { cause });
  });
  return { name: path, text: decode(path, bytes) };
}

async function readStream(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += (chunk as Buffer).length;
    if (size > MAX_BYTES) throw tooLarge("stdin", size);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function decode(name: string, bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const { line, column } = firstBadByte(bytes);
    throw usage("NOT_TEXT", `${name}:${line}:${column}: not UTF-8 text, so no manifest`, {
      hint: "Name the YAML or JSON files themselves with -f",
      cause,
    });
  }
}

/** Decodes ever longer beginnings, line by line, up to the one that is no text. */
function firstBadByte(bytes: Buffer): { line: number; column: number } {
  let line = 1;
  for (let from = 0; from < bytes.length; line++) {
    const end = bytes.indexOf(0x0a, from);
    const part = bytes.subarray(from, end === -1 ? bytes.length : end);
    const readable = part.toString("utf8");
    const bad = readable.indexOf("\uFFFD");
    if (bad !== -1) return { line, column: bad + 1 };
    if (end === -1) break;
    from = end + 1;
  }
  return { line, column: 1 };
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

function quoted(text: string): string {
  return `"${text}"`;
}

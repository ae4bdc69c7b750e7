import type { Architecture, BytesOf, ImageFile } from "./image-contents.ts";
import type { TarEntry } from "./tar.ts";

/** The entries of a layer: its files with their contents, each after the folders that it lies in. */
export function layerEntries(
  files: readonly ImageFile[],
  architecture: Architecture,
  bytesOf: BytesOf,
): readonly TarEntry[] {
  const entries = files.flatMap((file) => fileEntries(file, architecture, bytesOf));
  const folders = new Set(entries.filter(({ content }) => content === undefined).map(({ path }) => path));
  return entries.flatMap((entry) => {
    const missing = foldersAbove(entry.path).filter((folder) => !folders.has(folder));
    for (const folder of missing) folders.add(folder);
    return [...missing.map((path) => ({ path, mode: 0o755 })), entry];
  });
}

function fileEntries({ path, mode, from }: ImageFile, architecture: Architecture, bytesOf: BytesOf): TarEntry[] {
  if (from === undefined) return [{ path, mode }];
  const found = from.kind === "text" ? new TextEncoder().encode(from.text) : bytesOf(from, architecture);
  if (found instanceof Uint8Array) return [{ path, mode, content: found }];
  const names = [...found.keys()].sort();
  return names.map((name) => ({ path: `${path}/${name}`, mode, content: found.get(name) ?? new Uint8Array() }));
}

/** The outermost first. */
function foldersAbove(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

/** One entry of a tar archive: a folder if it has no content. Paths are relative, without a leading slash. */
export interface TarEntry {
  readonly path: string;
  readonly mode: number;
  /** One after the other, where there are several. */
  readonly content?: Uint8Array | readonly Uint8Array[];
}

const BLOCK = 512;

/**
 * A tar archive (ustar) in chunks, the same for the same entries: owned by root, of the epoch, in the order given.
 * Contents are handed on, not copied. Throws for paths of more than 100 bytes.
 */
export function tarArchive(entries: readonly TarEntry[]): readonly Uint8Array[] {
  const blocks = entries.flatMap(({ path, mode, content }) => {
    if (content === undefined) return [header(`${path}/`, mode, { kind: "folder", size: 0 })];
    const chunks = content instanceof Uint8Array ? [content] : content;
    const size = sizeOf(chunks);
    const padding = new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK);
    return [header(path, mode, { kind: "file", size }), ...chunks, padding];
  });
  return [...blocks, new Uint8Array(2 * BLOCK)];
}

export function sizeOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, { length }) => sum + length, 0);
}

function header(name: string, mode: number, { kind, size }: { kind: "file" | "folder"; size: number }): Uint8Array {
  if (Buffer.byteLength(name) > 100) throw new RangeError(`"${name}" is too long for a tar archive`);
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0);
  block.write(octal(mode, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(size, 11), 124);
  block.write(octal(0, 11), 136);
  // The checksum is taken with spaces in its own place.
  block.fill(" ", 148, 156);
  block.write(kind === "folder" ? "5" : "0", 156);
  block.write("ustar\u000000", 257);
  block.write(
    octal(
      block.reduce((sum, byte) => sum + byte, 0),
      6,
    ),
    148,
  );
  block[154] = 0;
  block.write(" ", 155);
  return block;
}

function octal(value: number, digits: number): string {
  return `${value.toString(8).padStart(digits, "0")}\0`;
}

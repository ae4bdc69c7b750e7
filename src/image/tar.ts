/** One entry of a tar archive: a folder if it has no content. Paths are relative, without a leading slash. */
export interface TarEntry {
  readonly path: string;
  readonly mode: number;
  readonly content?: Uint8Array;
}

const BLOCK = 512;

/**
 * A tar archive (ustar) that is the same for the same entries: owned by root, of the epoch, in the order given.
 * Throws for paths of more than 100 bytes.
 */
export function tarArchive(entries: readonly TarEntry[]): Buffer {
  const blocks = entries.flatMap(({ path, mode, content }) => {
    const body = content ?? new Uint8Array();
    const padding = (BLOCK - (body.length % BLOCK)) % BLOCK;
    return [header(path, mode, content === undefined ? undefined : body.length), body, Buffer.alloc(padding)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

function header(path: string, mode: number, size: number | undefined): Buffer {
  const isFolder = size === undefined;
  const name = isFolder ? `${path}/` : path;
  if (Buffer.byteLength(name) > 100) throw new RangeError(`"${path}" is too long for a tar archive`);
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0);
  block.write(octal(mode, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(size ?? 0, 11), 124);
  block.write(octal(0, 11), 136);
  // The checksum is taken with spaces in its own place.
  block.fill(" ", 148, 156);
  block.write(isFolder ? "5" : "0", 156);
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

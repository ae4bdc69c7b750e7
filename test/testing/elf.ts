/** What an ELF file says of itself; `interpreter` is its dynamic loader. */
export interface ElfFacts {
  readonly machine: "amd64" | "arm64" | number;
  readonly interpreter?: string;
  /** The names of the libraries that it is linked against. */
  readonly needed: readonly string[];
}

const MACHINES: Readonly<Record<number, "amd64" | "arm64">> = { 62: "amd64", 183: "arm64" };
const LOAD = 1;
const DYNAMIC = 2;
const INTERPRETER = 3;
const NEEDED = 1;
const STRING_TABLE = 5;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

/** Reads a 64-bit, little-endian ELF file; undefined for any other file. */
export function readElf(bytes: Buffer): ElfFacts | undefined {
  if (bytes.length < 64 || bytes.readUInt32BE(0) !== 0x7f454c46) return undefined;
  const code = bytes.readUInt16LE(18);
  const segments = readSegments(bytes);
  const interpreter = segments.find(({ type }) => type === INTERPRETER);
  return {
    machine: MACHINES[code] ?? code,
    needed: readNeeded(bytes, segments),
    ...(interpreter === undefined ? {} : { interpreter: textAt(bytes, interpreter.offset) }),
  };
}

function readSegments(bytes: Buffer): Segment[] {
  const [start, size, count] = [Number(bytes.readBigUInt64LE(32)), bytes.readUInt16LE(54), bytes.readUInt16LE(56)];
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * size;
    const word = (offset: number): number => Number(bytes.readBigUInt64LE(at + offset));
    return { type: bytes.readUInt32LE(at), offset: word(8), address: word(16), size: word(32) };
  });
}

function readNeeded(bytes: Buffer, segments: readonly Segment[]): string[] {
  const dynamic = segments.find(({ type }) => type === DYNAMIC);
  if (dynamic === undefined) return [];
  const entries = Array.from({ length: dynamic.size / 16 }, (_, index) => {
    const at = dynamic.offset + index * 16;
    return { tag: Number(bytes.readBigInt64LE(at)), value: Number(bytes.readBigUInt64LE(at + 8)) };
  });
  const table = entries.find(({ tag }) => tag === STRING_TABLE)?.value ?? 0;
  const load = segments.find(({ type, address, size }) => type === LOAD && table >= address && table < address + size);
  const strings = table - (load?.address ?? 0) + (load?.offset ?? 0);
  return entries.filter(({ tag }) => tag === NEEDED).map(({ value }) => textAt(bytes, strings + value));
}

function textAt(bytes: Buffer, offset: number): string {
  return bytes.toString("latin1", offset, bytes.indexOf(0, offset));
}

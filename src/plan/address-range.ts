import { formatAddress, parseCidr } from "../expectation/index.ts";

/** Consecutive addresses of one family, both ends included. */
export interface AddressRange {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
}

/** Throws for what is no CIDR: whoever calls has parsed it before. */
export function rangeOf(cidr: string): AddressRange {
  const parsed = parseCidr(cidr);
  if (parsed === undefined) throw new Error(`"${cidr}" is not a CIDR`);
  const { family, words, masks } = parsed;
  const first = toNumber(words);
  const size = toNumber(family === 4 ? [~masks[3]] : masks.map((mask) => ~mask));
  return { family, first, last: first + size };
}

/** Parts of a range, in order, of each of which every other range holds all addresses or none. */
export function divide(whole: AddressRange, others: readonly AddressRange[]): readonly AddressRange[] {
  const starts = others
    .filter(({ family }) => family === whole.family)
    .flatMap(({ first, last }) => [first, last + 1n])
    .filter((start) => start > whole.first && start <= whole.last);
  const sorted = [...new Set([whole.first, ...starts])].sort((a, b) => (a < b ? -1 : 1));
  return sorted.map((first, index) => ({ ...whole, first, last: (sorted[index + 1] ?? whole.last + 1n) - 1n }));
}

export function isWithin(range: AddressRange, address: bigint): boolean {
  return range.first <= address && address <= range.last;
}

export function formatRange({ family, first, last }: AddressRange): string {
  return first === last ? addressAt(family, first) : `${addressAt(family, first)}-${addressAt(family, last)}`;
}

export function addressAt(family: 4 | 6, address: bigint): string {
  const word = (shift: bigint): number => Number(BigInt.asIntN(32, address >> shift));
  return formatAddress({ family, words: [word(96n), word(64n), word(32n), word(0n)] });
}

function toNumber(words: readonly number[]): bigint {
  return words.reduce((number, word) => (number << 32n) | BigInt(word >>> 0), 0n);
}

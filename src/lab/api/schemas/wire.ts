/** A field of a protobuf message as it lies in the bytes. */
export interface WireField {
  readonly number: number;
  /** A number for the types that are numbers; the bytes of texts, lists and inner messages. */
  readonly value: bigint | Uint8Array;
}

/** Bytes that are no protobuf message. */
export class MalformedMessage extends Error {}

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;
/** Ten bytes of seven bits hold the largest number that there is. */
const LONGEST_VARINT = 10;

export function readFields(bytes: Uint8Array): readonly WireField[] {
  const fields: WireField[] = [];
  const reader = new Reader(bytes);
  while (!reader.isAtEnd) {
    const tag = Number(reader.varint());
    fields.push({ number: tag >> 3, value: reader.value(tag & 7) });
  }
  return fields;
}

export function bytesOf({ value }: WireField): Uint8Array {
  if (typeof value === "bigint") throw new MalformedMessage("a number where bytes belong");
  return value;
}

export function textOf(field: WireField): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytesOf(field));
  } catch (cause) {
    throw new MalformedMessage("a text that is not UTF-8", { cause });
  }
}

/** Negative numbers are written in two's complement of 64 bits, whatever their type. */
export function integerOf({ value }: WireField): number {
  if (typeof value !== "bigint") throw new MalformedMessage("bytes where a number belongs");
  return Number(BigInt.asIntN(64, value));
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let i = 0; i < LONGEST_VARINT; i++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 0x7f) << BigInt(7 * i);
      if (byte < 0x80) return value;
    }
    throw new MalformedMessage("a number without an end");
  }

  value(type: number): bigint | Uint8Array {
    switch (type) {
      case VARINT:
        return this.varint();
      case BYTES:
        return this.#take(Number(this.varint()));
      case FIXED64:
        return this.#take(8);
      case FIXED32:
        return this.#take(4);
      default:
        throw new MalformedMessage(`a field of type ${type}`);
    }
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new MalformedMessage("more bytes promised than there are");
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}

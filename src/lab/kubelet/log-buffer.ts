import { Readable } from "node:stream";

export interface LogOptions {
  readonly follow: boolean;
  readonly tailLines?: number;
}

/** What a container has written, the oldest forgotten first. */
export interface LogBuffer {
  write(chunk: Buffer): void;
  /** No more will come. */
  end(): void;
  read(options: LogOptions): Readable;
}

const MOST_BYTES = 1024 * 1024;

export function createLogBuffer(): LogBuffer {
  const chunks: Buffer[] = [];
  const followers = new Set<Readable>();
  let size = 0;
  let isOver = false;
  return {
    write(chunk) {
      chunks.push(chunk);
      size += chunk.length;
      while (size > MOST_BYTES && chunks.length > 1) size -= chunks.shift()?.length ?? 0;
      for (const follower of followers) follower.push(chunk);
    },
    end() {
      isOver = true;
      for (const follower of followers) follower.push(null);
      followers.clear();
    },
    read({ follow, tailLines }) {
      const known = Buffer.concat(chunks);
      const reader = new Readable({ read() {} });
      const text = tailLines === undefined ? known : lastLines(known, tailLines);
      if (text.length > 0) reader.push(text);
      if (follow && !isOver) {
        followers.add(reader);
        reader.once("close", () => followers.delete(reader));
      } else {
        reader.push(null);
      }
      return reader;
    },
  };
}

function lastLines(text: Buffer, count: number): Buffer {
  let start = text.length;
  // The end of the last line is not the end of a line before it.
  let from = text.length - 2;
  for (let lines = 0; lines < count && start > 0; lines++) {
    start = from < 0 ? 0 : text.lastIndexOf(0x0a, from) + 1;
    from = start - 2;
  }
  return text.subarray(start);
}

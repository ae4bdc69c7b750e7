import type { ServerResponse } from "node:http";
import { tooManyRequests } from "../status.ts";

const MOST_WATCHES = 1000;
/** What a watcher may leave unread before it is cut off. It then lists again, as after any broken stream. */
const MOST_UNREAD = 16 * 1024 * 1024;

/** The open watches of a server: how many there may be, and how all of them end. */
export class Watches {
  readonly #open = new Set<WatchStream>();

  open(response: ServerResponse): WatchStream {
    const stream = new WatchStream(response, () => this.#open.delete(stream));
    this.#open.add(stream);
    return stream;
  }

  refuseTooMany(): void {
    if (this.#open.size >= MOST_WATCHES) throw tooManyRequests("Too many requests: too many open watches");
  }

  closeAll(): void {
    for (const stream of this.#open) stream.cut();
  }
}

/** One watch: events as lines, and what to stop when it ends, whoever ends it. */
export class WatchStream {
  readonly #response: ServerResponse;
  readonly #onEnd: (() => void)[] = [];
  #isOpen = true;

  constructor(response: ServerResponse, onEnd: () => void) {
    this.#response = response;
    this.#onEnd.push(onEnd);
    response.once("close", () => this.#finish());
  }

  onEnd(stop: () => void): void {
    if (this.#isOpen) this.#onEnd.push(stop);
    else stop();
  }

  send(type: string, object: object): void {
    if (!this.#isOpen) return;
    this.#response.write(`${JSON.stringify({ type, object })}\n`);
    if (this.#response.writableLength > MOST_UNREAD) this.cut();
  }

  end(): void {
    if (this.#isOpen) this.#response.end();
    this.#finish();
  }

  cut(): void {
    this.#finish();
    this.#response.destroy();
  }

  #finish(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const stop of this.#onEnd) stop();
  }
}

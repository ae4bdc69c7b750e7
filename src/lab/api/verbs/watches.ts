import type { ServerResponse } from "node:http";
import { tooManyRequests } from "../status.ts";

const MOST_WATCHES = 1000;
/** What a watcher may leave unread before it is cut off. It then lists again, as after any broken stream. */
const MOST_UNREAD = 16 * 1024 * 1024;

/** Counts the open watches of a server. They end with their connections, which the server closes. */
export class Watches {
  #open = 0;

  /** @param show what the watcher gets to see of an object */
  open(response: ServerResponse, show: (object: object) => object): WatchStream {
    this.#open += 1;
    return new WatchStream(response, show, () => {
      this.#open -= 1;
    });
  }

  refuseTooMany(): void {
    if (this.#open >= MOST_WATCHES) throw tooManyRequests("Too many requests: too many open watches");
  }
}

/** One watch: events as lines, and what to stop when it ends, whoever ends it. */
export class WatchStream {
  readonly #response: ServerResponse;
  readonly #show: (object: object) => object;
  readonly #onEnd: (() => void)[] = [];
  #isOpen = true;

  constructor(response: ServerResponse, show: (object: object) => object, onEnd: () => void) {
    this.#response = response;
    this.#show = show;
    this.#onEnd.push(onEnd);
    response.once("close", () => this.#finish());
  }

  onEnd(stop: () => void): void {
    if (this.#isOpen) this.#onEnd.push(stop);
    else stop();
  }

  send(type: string, object: object): void {
    if (!this.#isOpen) return;
    this.#response.write(`${JSON.stringify({ type, object: this.#show(object) })}\n`);
    if (this.#response.writableLength > MOST_UNREAD) this.#response.destroy();
  }

  end(): void {
    if (this.#isOpen) this.#response.end();
    this.#finish();
  }

  #finish(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const stop of this.#onEnd) stop();
  }
}

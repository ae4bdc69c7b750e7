import type { Readable } from "node:stream";
import { styleText } from "node:util";
import type { Paint } from "../report/index.ts";

/** What the command line reads from and writes to, and what it knows of its surroundings. */
export interface Streams {
  readonly stdin: Readable;
  readonly stdout: Output;
  readonly stderr: Output;
}

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const PLAIN_WIDTH = 100;
const PLAIN: Paint = { good: same, bad: same, unsure: same, heading: same };
const COLOURED: Paint = {
  good: (text) => styleText("green", text, { validateStream: false }),
  bad: (text) => styleText("red", text, { validateStream: false }),
  unsure: (text) => styleText("yellow", text, { validateStream: false }),
  heading: (text) => styleText("bold", text, { validateStream: false }),
};

export function paintFor({ isTTY }: Output, env: Environment): Paint {
  return isTTY && !env.NO_COLOR && env.TERM !== "dumb" ? COLOURED : PLAIN;
}

export function widthOf({ isTTY, columns }: Output): number {
  return isTTY && columns !== undefined && columns > 0 ? columns : PLAIN_WIDTH;
}

/** Progress: a line that is rewritten on a terminal, plain lines elsewhere, one for each step. */
export class ProgressLine {
  readonly #output: Output;
  #step = "";
  #isOpen = false;

  constructor(output: Output) {
    this.#output = output;
  }

  show(step: string, done?: number, total?: number): void {
    const count = total === undefined ? "" : ` ${done}/${total}`;
    if (this.#output.isTTY) {
      this.#output.write(`\r\u001b[K${step}${count}`);
      this.#isOpen = true;
    } else if (step !== this.#step) this.#output.write(`${step}${total === undefined ? "" : ` (${total})`}\n`);
    this.#step = step;
  }

  end(): void {
    if (this.#isOpen) this.#output.write("\r\u001b[K");
    this.#isOpen = false;
  }
}

function same(text: string): string {
  return text;
}

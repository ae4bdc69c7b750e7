import { WebSocket } from "ws";
import type { TestServer } from "./test-server.ts";

export interface ExecEvent {
  readonly channel: number;
  readonly text: string;
  readonly bytes: Buffer;
}

export interface ExecRecord {
  readonly status: number;
  readonly events: readonly ExecEvent[];
  readonly accepted?: string;
  readonly close?: { readonly code: number };
  readonly body?: string;
}

export interface ExecClient {
  readonly events: readonly ExecEvent[];
  readonly opened: Promise<void>;
  readonly ended: Promise<ExecRecord>;
  send(frame: Buffer): void;
  /** Waits until that much, or something like that, has come on a channel. */
  says(channel: number, wanted: RegExp | number): Promise<string>;
  close(): void;
  vanish(): void;
  /** Whether the server has taken the frame within that time. */
  isTaken(frame: Buffer, ms: number): Promise<boolean>;
  pause(): void;
  resume(): void;
}

interface ExecClientOptions {
  readonly offered?: readonly string[];
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A bare client of the exec protocol, which notes all that comes. */
export function openExec({ server, ca }: TestServer, path: string, options: ExecClientOptions = {}): ExecClient {
  const { offered = ["v5.channel.k8s.io", "v4.channel.k8s.io"], token = server.token } = options;
  const events: ExecEvent[] = [];
  const socket = new WebSocket(`${server.url.replace("https", "wss")}${path}`, [...offered], {
    ca,
    headers: { authorization: `Bearer ${token}`, ...options.headers },
    perMessageDeflate: false,
  });
  socket.on("message", (data: Buffer) => {
    const bytes = data.subarray(1);
    events.push({ channel: data[0] ?? -1, text: bytes.toString(), bytes });
  });
  const ended = new Promise<ExecRecord>((resolve, reject) => {
    socket.on("unexpected-response", (_request, response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, events, body: Buffer.concat(chunks).toString() }),
      );
    });
    socket.on("error", reject);
    socket.on("close", (code) => resolve({ status: 101, events, accepted: socket.protocol, close: { code } }));
  });
  let isOver = false;
  ended.finally(() => (isOver = true)).catch(() => {});
  const opened = new Promise<void>((resolve) => socket.once("open", () => resolve()));
  return {
    events,
    opened,
    ended,
    send: (frame) => socket.send(frame),
    async says(channel, wanted) {
      await Promise.race([opened, ended]);
      const isEnough = (text: string): boolean =>
        typeof wanted === "number" ? text.length >= wanted : wanted.test(text);
      await sleepUntil(
        () => isEnough(textOn(events, channel)),
        20_000,
        () => isOver,
      );
      return textOn(events, channel);
    },
    close: () => socket.close(1000),
    vanish: () => socket.terminate(),
    isTaken: (frame, ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => resolve(false), ms);
        socket.send(frame, () => {
          clearTimeout(timer);
          resolve(true);
        });
      }),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  };
}

/** All that came on a channel. */
export function textOn(
  events: readonly { readonly channel?: number; readonly text?: string }[],
  channel: number,
): string {
  return events.map((event) => (event.channel === channel ? event.text : "")).join("");
}

/** Waits for a condition; fails after a time, or ends early where there is nothing left to wait for. */
export async function sleepUntil(holds: () => boolean, ms = 5000, isOver: () => boolean = () => false): Promise<void> {
  const deadline = Date.now() + ms;
  while (!holds() && !isOver()) {
    if (Date.now() > deadline) throw new Error(`not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

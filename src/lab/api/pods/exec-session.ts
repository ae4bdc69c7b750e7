import { randomBytes } from "node:crypto";
import type { Readable } from "node:stream";
import type { WebSocket } from "ws";
import type { LabProcess } from "../../contracts.ts";
import {
  CLOSE,
  type Ending,
  type ExecProtocol,
  endingStatus,
  frames,
  STATUS,
  STDERR,
  STDIN,
  STDOUT,
} from "./exec-frames.ts";

export interface Streams {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

/** Unsent output at which the process has to wait; it blocks on its pipe then, as it would on a terminal. */
const MOST_UNSENT = 1024 * 1024;
const LOOK_EVERY_MS = 1000;
const PING_EVERY_MS = 10_000;
const MOST_SILENCE_MS = 30_000;
/** How long the output may be still after the end of the process. */
const IDLE_MS = 1000;
const CLOSE_MS = 2000;

/** Carries a process over a WebSocket until it ends, or until the peer is gone, which kills it. Never rejects. */
export async function serveSession(
  socket: WebSocket,
  process: LabProcess,
  protocol: ExecProtocol,
  streams: Streams,
): Promise<void> {
  socket.on("error", () => socket.terminate());
  socket.once("close", () => process.kill());
  const stopWatching = watchPeer(socket);
  socket.once("close", stopWatching);
  greet(socket, streams);
  feedStdin(socket, process, protocol, streams);
  const flow: Flow = { frames: 0, waiting: 0 };
  const drained = Promise.all([
    pump(process.stdout, streams.stdout ? STDOUT : undefined, socket, flow),
    pump(process.stderr, streams.stderr ? STDERR : undefined, socket, flow),
  ]);
  const ending = await process.exited;
  await drainedOrIdle(drained, flow);
  process.stdout.destroy();
  process.stderr.destroy();
  finish(socket, ending);
}

/** Ends a session whose command could not even be tried. */
export function refuseSession(socket: WebSocket, error: string): void {
  socket.on("error", () => socket.terminate());
  finish(socket, { code: null, error });
}

/** A genuine server shows by an empty frame that the session is open. */
function greet(socket: WebSocket, { stdout, stderr }: Streams): void {
  const channel = stdout ? STDOUT : stderr ? STDERR : STATUS;
  for (const frame of frames(channel, Buffer.alloc(0))) socket.send(frame);
}

/** What has been carried so far, and how many frames wait for the peer to read. */
interface Flow {
  frames: number;
  waiting: number;
}

async function pump(from: Readable, channel: number | undefined, socket: WebSocket, flow: Flow): Promise<void> {
  from.on("error", () => {});
  if (channel === undefined) {
    from.resume();
    return;
  }
  try {
    for await (const chunk of from) {
      for (const frame of frames(channel, Buffer.from(chunk))) await send(socket, frame, flow);
      if (socket.readyState !== socket.OPEN) return;
    }
  } catch {
    // The pipe was destroyed under the loop, because the session is over.
  }
}

/** Waits only when the peer reads more slowly than the process writes. */
async function send(socket: WebSocket, frame: Buffer, flow: Flow): Promise<void> {
  flow.frames += 1;
  if (socket.bufferedAmount < MOST_UNSENT) return socket.send(frame);
  flow.waiting += 1;
  await new Promise<void>((resolve) => socket.send(frame, () => resolve()));
  flow.waiting -= 1;
}

/** A slow peer still gets all the output, but pipes that a grandchild holds open in silence are given up. */
async function drainedOrIdle(drained: Promise<unknown>, flow: Flow): Promise<void> {
  let isDrained = false;
  const done = drained.then(() => {
    isDrained = true;
  });
  for (let before = -1; !isDrained && (flow.waiting > 0 || flow.frames !== before); ) {
    before = flow.frames;
    await Promise.race([done, delay(IDLE_MS)]);
  }
}

function feedStdin(socket: WebSocket, { stdin }: LabProcess, protocol: ExecProtocol, streams: Streams): void {
  // The process may end, and close its end, before all that was sent to it is written.
  stdin.on("error", () => {});
  if (!streams.stdin) stdin.end();
  stdin.on("drain", () => socket.resume());
  stdin.on("close", () => socket.resume());
  socket.on("message", (data: Buffer) => {
    const [channel, closed] = data;
    if (!streams.stdin || stdin.destroyed || stdin.writableEnded) return;
    if (channel === STDIN && data.length > 1 && !stdin.write(data.subarray(1))) socket.pause();
    if (channel === CLOSE && closed === STDIN && protocol === "v5.channel.k8s.io") stdin.end();
    // Resizing (channel 4) means nothing without a terminal.
  });
}

/** A peer can vanish without a word; then its process would run on for ever. */
function watchPeer(socket: WebSocket): () => void {
  let heardAt = Date.now();
  let pingedAt = heardAt;
  const heard = (): void => {
    heardAt = Date.now();
  };
  socket.on("pong", heard).on("message", heard).on("ping", heard);
  const timer = setInterval(() => {
    const now = Date.now();
    // A socket that is not being read from tells of its end only by what fails to be written.
    if (socket.isPaused) heard();
    else if (now - heardAt > MOST_SILENCE_MS) socket.terminate();
    if (socket.isPaused || now - pingedAt >= PING_EVERY_MS) {
      pingedAt = now;
      socket.ping();
    }
  }, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}

function finish(socket: WebSocket, ending: Ending): void {
  if (socket.readyState !== socket.OPEN) return;
  const status = JSON.stringify(endingStatus(ending, randomBytes(32).toString("hex")));
  for (const frame of frames(STATUS, Buffer.from(status))) socket.send(frame);
  socket.resume();
  socket.close(1000);
  const timer = setTimeout(() => socket.terminate(), CLOSE_MS);
  socket.once("close", () => clearTimeout(timer));
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

/** The lines between controller and agent (docs/protocol.md): commands out, messages in, each checked when it enters. */
import { isIP } from "node:net";
import { PROTOCOLS, type Protocol } from "../snapshot/index.ts";

export const PROTOCOL_VERSION = 1;

export interface ProbeCommand {
  readonly id: number;
  readonly protocol: Protocol;
  readonly address: string;
  readonly port: number;
  readonly sourcePort: number;
  readonly sourceAddress: string;
  readonly nonce: string;
  /** An accepted connection is all that is asked for. */
  readonly handshake?: true;
}

export type Command =
  | { type: "open"; protocol: number; key: string; deadlineMs: number; heartbeatMs: number }
  | { type: "ping"; id: number }
  | { type: "batch"; batch: number; timeoutMs: number; ratePerSecond?: number; probes: readonly ProbeCommand[] }
  | { type: "receipts"; id: number; nonces: readonly string[]; healthSince: number }
  | { type: "end-phase"; id: number }
  | { type: "bye" };

export const AGENT_OUTCOMES = ["answered", "handshake", "refused", "unreachable", "timed-out", "failed"] as const;
export type AgentOutcome = (typeof AGENT_OUTCOMES)[number];

export interface ResultMessage {
  type: "result";
  id: number;
  outcome: AgentOutcome;
  at: number;
  ms: number;
  instance?: string;
  uid?: string;
  seenAs?: string;
  errno?: string;
  late?: true;
}

export interface HelloMessage {
  type: "hello";
  version: string;
  instance: string;
  uid: string;
  maxInFlight: number;
  /** Prefixes that the pod reaches without a gateway. */
  onLink: readonly string[];
  notListening: readonly { protocol: Protocol; port: number; error: string }[];
  at: number;
}

export interface ReceiptsMessage {
  type: "receipts";
  id: number;
  /** Which of the nonces asked for arrived here. */
  arrived: readonly string[];
  /** When the kubelet's probes reached the agent, on the agent's clock. */
  health: readonly number[];
}

export type Message =
  | HelloMessage
  | ResultMessage
  | ReceiptsMessage
  | { type: "pong"; id: number; at: number }
  | { type: "heartbeat" }
  | { type: "batch-end"; batch: number }
  | { type: "phase-ended"; id: number }
  | { type: "error"; message: string }
  | { type: "bye" };

/** What an agent wrote and the protocol does not know. */
export class ProtocolError extends Error {}

export function encodeCommand(command: Command): string {
  return `${JSON.stringify(command)}\n`;
}

/** Decodes one line; `expectedLine` is the number it must carry. Throws a ProtocolError. */
export function decodeMessage(text: string, expectedLine: number): Message {
  const fields = new Fields(text);
  const line = fields.number("line");
  if (line !== expectedLine) throw new ProtocolError(`line ${line} came where ${expectedLine} was due`);
  return decode(fields);
}

function decode(fields: Fields): Message {
  const type = fields.text("type");
  switch (type) {
    case "hello":
      return decodeHello(fields);
    case "result":
      return decodeResult(fields);
    case "receipts":
      return {
        type,
        id: fields.number("id"),
        arrived: fields.list("arrived", (item) => item.text("nonce")),
        health: fields.numbers("health"),
      };
    case "pong":
      return { type, id: fields.number("id"), at: fields.number("at") };
    case "heartbeat":
      return { type };
    case "batch-end":
      return { type, batch: fields.number("batch") };
    case "phase-ended":
      return { type, id: fields.number("id") };
    case "error":
      return { type, message: fields.text("message") };
    case "bye":
      return { type };
    default:
      throw new ProtocolError(`a line of unknown type "${type.slice(0, 40)}"`);
  }
}

function decodeHello(fields: Fields): HelloMessage {
  const protocol = fields.number("protocol");
  if (protocol !== PROTOCOL_VERSION) {
    throw new ProtocolError(
      `the agent speaks version ${protocol} of the protocol, netproof version ${PROTOCOL_VERSION}`,
    );
  }
  return {
    type: "hello",
    version: fields.text("version"),
    instance: fields.text("instance"),
    uid: fields.text("uid"),
    maxInFlight: Math.max(1, fields.number("maxInFlight")),
    onLink: fields.prefixes("onLink"),
    notListening: fields.list("notListening", (item) => ({
      protocol: item.oneOf("protocol", PROTOCOLS),
      port: item.number("port"),
      error: item.text("error"),
    })),
    at: fields.number("at"),
  };
}

function decodeResult(fields: Fields): ResultMessage {
  const message: ResultMessage = {
    type: "result",
    id: fields.number("id"),
    outcome: fields.oneOf("outcome", AGENT_OUTCOMES),
    at: fields.number("at"),
    ms: fields.number("ms"),
  };
  for (const name of ["instance", "uid", "seenAs", "errno"] as const) {
    const value = fields.optionalText(name);
    if (value !== undefined) message[name] = value;
  }
  if (fields.has("late")) message.late = true;
  return message;
}

/** The fields of one JSON object, read with their types checked. */
class Fields {
  readonly #object: Readonly<Record<string, unknown>>;

  constructor(source: unknown) {
    const value = typeof source === "string" ? parseJson(source) : source;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new ProtocolError("something that is no JSON object");
    }
    this.#object = value as Record<string, unknown>;
  }

  has(name: string): boolean {
    return this.#object[name] === true;
  }

  number(name: string): number {
    const value = this.#object[name];
    if (typeof value !== "number") throw new ProtocolError(`a line without the number "${name}"`);
    return value;
  }

  text(name: string): string {
    const value = this.optionalText(name);
    if (value === undefined) throw new ProtocolError(`a line without the text "${name}"`);
    return value;
  }

  optionalText(name: string): string | undefined {
    const value = this.#object[name];
    if (value !== undefined && typeof value !== "string") throw new ProtocolError(`a line whose "${name}" is no text`);
    return value;
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T {
    const text = this.text(name);
    const value = values.find((candidate) => candidate === text);
    if (value === undefined) throw new ProtocolError(`a line with an unknown ${name} "${text.slice(0, 40)}"`);
    return value;
  }

  numbers(name: string): number[] {
    return this.#array(name).map((value) => {
      if (typeof value !== "number")
        throw new ProtocolError(`a line whose "${name}" holds something other than numbers`);
      return value;
    });
  }

  prefixes(name: string): string[] {
    return this.#array(name).map((value) => {
      const [, address = "", bits] = /^([0-9a-f.:]+)\/(\d{1,3})$/.exec(String(value)) ?? [];
      const family = isIP(address);
      if (family === 0 || Number(bits) > (family === 4 ? 32 : 128))
        throw new ProtocolError(`a line whose "${name}" holds something other than prefixes`);
      return `${address}/${bits}`;
    });
  }

  list<T>(name: string, read: (item: Fields) => T): T[] {
    return this.#array(name).map((value) => read(new Fields(value)));
  }

  #array(name: string): unknown[] {
    const value = this.#object[name] ?? [];
    if (!Array.isArray(value)) throw new ProtocolError(`a line whose "${name}" is no list`);
    return value;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ProtocolError("something that is no JSON");
  }
}

import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";

export interface ForwardProxy extends AsyncDisposable {
  /** `127.0.0.1:port`. */
  readonly host: string;
  /** Where it was asked to lead, in order: `host:port`. */
  readonly asked: readonly string[];
}

export interface ConnectProxyOptions {
  /** Every tunnel leads to this port on loopback, wherever it was to lead. */
  readonly to: number;
  /** `user:password`; without them it answers 407. */
  readonly credentials?: string;
  /** What it answers instead of leading anywhere. */
  readonly refusal?: number;
  /** Speaks TLS, with this certificate. */
  readonly tls?: { readonly key: string; readonly certificate: string };
  /** Takes requests and never answers. */
  readonly isSilent?: boolean;
}

/** A proxy on loopback that makes tunnels with CONNECT. */
export async function startConnectProxy(options: ConnectProxyOptions): Promise<ForwardProxy> {
  const { tls, credentials, isSilent } = options;
  const server: Server = tls ? createHttpsServer({ key: tls.key, cert: tls.certificate }) : createHttpServer();
  const asked: string[] = [];
  const expected = credentials && `Basic ${Buffer.from(credentials).toString("base64")}`;
  server.on("connect", ({ url = "", headers }: IncomingMessage, socket: Duplex, head: Buffer) => {
    asked.push(url);
    socket.on("error", () => {});
    const isKnown = expected === undefined || headers["proxy-authorization"] === expected;
    const refusal = isKnown ? options.refusal : 407;
    if (isSilent) return;
    if (refusal !== undefined) socket.end(`HTTP/1.1 ${refusal} No\r\ncontent-length: 0\r\n\r\n`);
    else tunnel(socket, head, options.to, () => socket.write("HTTP/1.1 200 Connection established\r\n\r\n"));
  });
  return listening(server, asked);
}

/** A SOCKS5 proxy on loopback, without authentication (RFC 1928). */
export function startSocksProxy({ to }: { to: number }): Promise<ForwardProxy> {
  const asked: string[] = [];
  const server = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      socket.write(Uint8Array.of(5, 0));
      socket.once("data", (request) => {
        asked.push(socksTarget(request));
        tunnel(socket, Buffer.alloc(0), to, () => socket.write(Uint8Array.of(5, 0, 0, 1, 127, 0, 0, 1, 0, 0)));
      });
    });
  });
  return listening(server, asked);
}

/** Version, command, 0, kind of address, address, port. */
function socksTarget(request: Buffer): string {
  const port = request.readUInt16BE(request.length - 2);
  const isName = request[3] === 3;
  const address = isName ? request.subarray(5, -2).toString() : [...request.subarray(4, -2)].join(".");
  return `${address}:${port}`;
}

function tunnel(socket: Duplex, head: Buffer, port: number, onOpen: () => void): void {
  const far = connect(port, "127.0.0.1", () => {
    onOpen();
    far.write(head);
    far.pipe(socket).pipe(far);
  });
  far.on("error", () => socket.destroy());
  far.on("close", () => socket.destroy());
  socket.on("close", () => far.destroy());
}

async function listening(server: ReturnType<typeof createTcpServer>, asked: readonly string[]): Promise<ForwardProxy> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

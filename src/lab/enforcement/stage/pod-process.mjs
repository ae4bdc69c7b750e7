// What runs in every pod of the stage: it answers on some ports, and makes the connections that stdin asks for, a JSON
// object a line. Node's own binary runs it, as the pods' root holds no file of ours.
import { createSocket } from "node:dgram";
import { connect, createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { createInterface } from "node:readline";

const addresses = Object.values(networkInterfaces()).flatMap((list) => list.map(({ address }) => address));
const ports = process.argv[1].split(",").filter(Boolean).map(Number);

await Promise.all(
  ports.flatMap((port) => [answerStreams(port), ...addresses.map((address) => answerDatagrams(port, address))]),
);
say({ ready: true });
for await (const line of createInterface({ input: process.stdin })) tryConnection(JSON.parse(line));
process.exit();

function answerStreams(port) {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.end("!");
  });
  return new Promise((resolve) => server.listen(port, "::", resolve));
}

/** A socket for each address, as the kernel would answer from the one that it likes best. */
function answerDatagrams(port, address) {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  socket.on("message", (_, from) => socket.send("!", from.port, from.address));
  return new Promise((resolve) => socket.bind(port, address, resolve));
}

/** One answer if it connects, one if it is refused, none while nothing comes back. */
function tryConnection(request) {
  const { id, protocol } = request;
  const end = (outcome) => say({ id, outcome });
  const close = protocol === "UDP" ? tryDatagram(request, end) : tryStream(request, end);
  setTimeout(close, request.giveUpMs).unref();
}

function tryStream({ source, sourcePort, address, port }, end) {
  const socket = connect({ host: address, port, localAddress: source, localPort: sourcePort });
  socket.on("data", () => {
    end("connected");
    socket.resetAndDestroy();
  });
  socket.on("error", (error) => end(error.code));
  return () => socket.destroy();
}

function tryDatagram({ source, sourcePort, address, port }, end) {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  socket.on("message", () => end("connected"));
  socket.on("error", (error) => end(error.code));
  // Connected, so that the kernel reports what ICMP says.
  socket.bind(sourcePort, source, () => socket.connect(port, address, () => socket.send("?")));
  return () => socket.close();
}

function say(answer) {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readAccess } from "./access.ts";
import { readStatus } from "./api-status.ts";
import { ApiClient } from "./client.ts";
import { RUN_ANNOTATION } from "./marks.ts";
import { create, get, list, NAMESPACES, remove } from "./objects.ts";

type Step = (request: IncomingMessage, response: ServerResponse) => void;

const never = new AbortController().signal;
const shop = { metadata: { name: "shop", annotations: { [RUN_ANNOTATION]: "0123abcd" } } };
const stored = { metadata: { ...shop.metadata, uid: "1" } };

let server: Server;
let client: ApiClient;
/** What the server does, call by call. */
let script: Step[];
let calls: string[];

beforeEach(async () => {
  calls = [];
  server = createServer((request, response) => {
    calls.push(`${request.method} ${request.url?.split("?")[0]}`);
    request.resume().on("end", () => script.shift()?.(request, response));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const text = JSON.stringify({
    "current-context": "c",
    clusters: [{ name: "c", cluster: { server: url } }],
    users: [{ name: "u", user: { token: "t" } }],
    contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
  });
  client = new ApiClient(await readAccess({ kind: "text", text }, { env: {} }));
});

afterEach(async () => {
  client.close();
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
});

describe("an object is read", () => {
  it("again after the connection was reset", async () => {
    script = [reset, says(200, stored)];
    expect(await get(client, { kind: NAMESPACES, name: "shop" }, never)).toEqual(stored);
    expect(calls).toEqual(["GET /api/v1/namespaces/shop", "GET /api/v1/namespaces/shop"]);
  });

  it("again after its answer broke off", async () => {
    script = [breaksOff, says(200, stored)];
    expect(await get(client, { kind: NAMESPACES, name: "shop" }, never)).toEqual(stored);
  });

  it("not from something that is no API server", async () => {
    script = [(_, response) => response.end("<html>Please log in</html>")];
    const reading = get(client, { kind: NAMESPACES, name: "shop" }, never);
    await expect(reading).rejects.toThrow(
      /^Cannot read namespace "shop": what answers at http:.* is no Kubernetes API$/,
    );
  });

  it("page by page, where one page needs a second try", async () => {
    script = [
      says(200, { metadata: { continue: "more" }, items: [shop] }),
      says(503, {}),
      says(200, { metadata: { resourceVersion: "7" }, items: [stored] }),
    ];
    expect(await list(client, { kind: NAMESPACES }, never)).toEqual({ items: [shop, stored], resourceVersion: "7" });
  });
});

describe("an object is created", () => {
  it("once, though the answer was lost: what is there then is ours", async () => {
    script = [reset, says(409, { message: "exists" }), says(200, stored)];
    expect(await create(client, { kind: NAMESPACES, object: shop }, never)).toEqual(stored);
    expect(calls).toEqual(["POST /api/v1/namespaces", "POST /api/v1/namespaces", "GET /api/v1/namespaces/shop"]);
  });

  it("not where another run's is there", async () => {
    const other = { metadata: { name: "shop", annotations: { [RUN_ANNOTATION]: "ffffffff" } } };
    script = [reset, says(409, { message: "exists" }), says(200, other)];
    await expect(create(client, { kind: NAMESPACES, object: shop }, never)).rejects.toThrow(/409: exists/);
  });

  it("not where one was there before the first try", async () => {
    script = [says(409, { message: "exists" })];
    await expect(create(client, { kind: NAMESPACES, object: shop }, never)).rejects.toThrow(/409: exists/);
    expect(calls).toHaveLength(1);
  });
});

it("an object whose removal was not heard of is removed", async () => {
  script = [reset, says(404, { message: "not found" })];
  await remove(client, { kind: NAMESPACES, name: "shop" }, never);
  expect(calls).toHaveLength(2);
});

it.each([
  { header: "2", retryAfterMs: 2000 },
  { header: "0", retryAfterMs: undefined },
  { header: "Wed, 21 Oct 2026 07:28:00 GMT", retryAfterMs: undefined },
  { header: undefined, retryAfterMs: undefined },
])("Retry-After «$header» asks for a pause of $retryAfterMs ms", ({ header, retryAfterMs }) => {
  expect(readStatus(429, "", header).retryAfterMs).toBe(retryAfterMs);
});

function says(code: number, body: object): Step {
  return (_, response) => response.writeHead(code).end(JSON.stringify(body));
}

function reset(request: IncomingMessage): void {
  request.socket.destroy();
}

function breaksOff(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { "content-length": 1000 });
  response.write('{"metadata":', () => request.socket.destroy());
}

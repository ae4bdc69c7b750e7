import { X509Certificate } from "node:crypto";
import { connect as connectTcp } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createStore } from "../store.ts";
import { at } from "./fields.ts";
import { startApiServer } from "./index.ts";
import { openExec } from "./test-exec.ts";
import { runLocally, startTestServer, type TestServer } from "./test-server.ts";

const PODS = "/api/v1/pods";

let lab: TestServer;

beforeAll(async () => {
  lab = await startTestServer();
});

afterAll(() => lab[Symbol.asyncDispose]());

function port(): string {
  return new URL(lab.server.url).port;
}

describe("the server lets nobody in", () => {
  test.each([
    ["without a token", {}],
    ["with a wrong token", { authorization: "Bearer wrong" }],
    ["with an empty token", { authorization: "Bearer " }],
    ["with another scheme", { authorization: "Basic wrong" }],
  ])("%s", async (_, headers) => {
    for (const path of [PODS, "/version", "/readyz", "/nowhere"]) {
      const answer = await lab.send("GET", path, { headers: { authorization: "", ...headers } });
      expect(answer.body).toEqual({
        kind: "Status",
        apiVersion: "v1",
        metadata: {},
        status: "Failure",
        message: "Unauthorized",
        reason: "Unauthorized",
        code: 401,
      });
      expect(answer.code).toBe(401);
    }
  });

  test.each(["https://evil.example", "null", "http://127.0.0.1:PORT", "https://127.0.0.1:PORT.evil.example"])(
    "from a web page of %s",
    async (origin) => {
      const answer = await lab.send("GET", PODS, { headers: { origin: origin.replace("PORT", port()) } });
      expect(answer.body).toMatchObject({ code: 403, reason: "Forbidden" });
      const record = await openExec(lab, "/api/v1/namespaces/a/pods/b/exec", { headers: { origin } }).ended;
      expect(record.status).toBe(403);
    },
  );

  test.each(["evil.example", "evil.example:PORT", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example:PORT"])(
    "who speaks to %s",
    async (host) => {
      const answer = await lab.send("GET", PODS, { headers: { host: host.replace("PORT", port()) } });
      expect(answer.code).toBe(421);
    },
  );

  test("and admits its own addresses with the token", async () => {
    for (const host of [`127.0.0.1:${port()}`, `localhost:${port()}`]) {
      const answer = await lab.send("GET", PODS, { headers: { host, origin: `https://${host}` } });
      expect(answer.code).toBe(200);
    }
  });

  test("over plain text", async () => {
    const text = await new Promise<string>((resolve) => {
      const socket = connectTcp(Number(port()), "127.0.0.1", () => socket.write("GET /version HTTP/1.1\r\n\r\n"));
      const chunks: Buffer[] = [];
      socket.on("data", (chunk: Buffer) => chunks.push(chunk));
      socket.on("error", () => {});
      socket.on("close", () => resolve(Buffer.concat(chunks).toString()));
    });
    expect(text).not.toContain("gitVersion");
  });
});

describe("what the server shows of itself", () => {
  test("is a certificate for its addresses, by an authority that is nobody else's", async () => {
    const socket = await new Promise<TLSSocket>((resolve, reject) => {
      const opened = connect(Number(port()), "127.0.0.1", { ca: lab.ca }, () => resolve(opened)).on("error", reject);
    });
    const certificate = new X509Certificate(socket.getPeerCertificate().raw);
    expect(certificate.subjectAltName).toBe("IP Address:127.0.0.1, DNS:localhost");
    expect(certificate.checkIssued(new X509Certificate(lab.ca))).toBe(true);
    expect(certificate.ca).toBe(false);
    expect(socket.alpnProtocol).toBe(false);
    socket.destroy();
  });

  test("is a kubeconfig that names the lab and holds a token of 256 bits", () => {
    const config: unknown = JSON.parse(lab.server.kubeconfig);
    expect(config).toMatchObject({
      "current-context": "netproof-lab",
      clusters: [{ cluster: { server: lab.server.url } }],
      users: [{ user: { token: lab.server.token } }],
    });
    expect(Buffer.from(lab.server.token, "base64url")).toHaveLength(32);
  });

  test("are discovery documents that lead to every resource", async () => {
    const groups = await lab.send("GET", "/apis");
    const versions = (at(groups.body, "groups") as { preferredVersion: { groupVersion: string } }[]).map(
      ({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`,
    );
    for (const path of ["/api/v1", ...versions]) {
      const { body } = await lab.send("GET", path);
      for (const { name, namespaced, verbs } of at(body, "resources") as {
        name: string;
        namespaced: boolean;
        verbs: string[];
      }[]) {
        if (!verbs.includes("list")) continue;
        expect((await lab.send("GET", `${path}${namespaced ? "/namespaces/default" : ""}/${name}`)).code).toBe(200);
      }
      const described = await lab.send("GET", `/openapi/v3${path}`);
      expect(described.body).toMatchObject({ openapi: "3.0.0" });
    }
    expect(await lab.send("GET", "/readyz")).toMatchObject({ code: 200, text: "ok" });
  });

  test.each([
    ["GET", "/", 404],
    ["GET", "/api/v2/pods", 404],
    ["GET", "/api/v1/namespaces/default/pods/x/nothing", 404],
    ["GET", "/api/v1/namespaces/default/pods/x/log/y", 404],
    ["GET", "/api/v1/namespaces//pods", 404],
    ["GET", "/api/v1/namespaces/%zz/pods", 400],
    ["GET", "/apis/__proto__/v1/pods", 404],
    ["POST", "/version", 404],
    ["POST", "/api/v1/namespaces/default/pods/x", 405],
    ["OPTIONS", PODS, 405],
  ])("%s %s is answered with %i", async (method, path, code) => {
    expect((await lab.send(method, path)).body).toMatchObject({ kind: "Status", code });
  });
});

describe("the server bears", () => {
  test("no body above 3 MiB", async () => {
    const body = { metadata: { name: "big" }, data: { a: "x".repeat(3 * 1024 * 1024) } };
    const answer = await lab.send("POST", "/api/v1/namespaces/default/configmaps", { body });
    expect(answer.body).toMatchObject({ code: 413, reason: "RequestEntityTooLarge" });
    expect((await lab.send("GET", "/readyz")).code).toBe(200);
  });

  test("no body that is not UTF-8", async () => {
    const socket = connect(Number(port()), "127.0.0.1", { ca: lab.ca });
    const head = `POST /api/v1/namespaces HTTP/1.1\r\nhost: 127.0.0.1:${port()}\r\nauthorization: Bearer ${lab.server.token}\r\n`;
    socket.write(`${head}content-type: application/json\r\ncontent-length: 1\r\n\r\n`);
    socket.write(Buffer.from([0xff]));
    const chunk = await new Promise<Buffer>((resolve) => socket.once("data", resolve));
    expect(chunk.toString()).toContain("400 Bad Request");
    socket.destroy();
  });

  test("an end by its signal, after which nothing listens and no session goes on", async () => {
    const stop = new AbortController();
    const store = createStore();
    const server = await startApiServer({ store, exec: runLocally }, stop.signal);
    stop.abort();
    await server.close();
    const refused = await new Promise<string>((resolve) => {
      connectTcp(Number(new URL(server.url).port), "127.0.0.1").on("error", (error) => resolve(error.message));
    });
    expect(refused).toContain("ECONNREFUSED");
    store.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "later" } });
    expect(store.list("ServiceAccount", "later")).toEqual([]);
    await expect(startApiServer({ store, exec: runLocally }, stop.signal)).rejects.toThrow("aborted");
  });
});

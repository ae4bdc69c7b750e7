import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openExecChannel } from "../src/kubernetes/exec-channel.ts";
import { ApiClient, readAccess } from "../src/kubernetes/index.ts";
import { get, list, NAMESPACES } from "../src/kubernetes/objects.ts";
import { startTestServer, type TestServer } from "../src/lab/api/test-server.ts";
import { makeSelfSigned } from "./testing/certificates.ts";
import { netproof, temporaryFolder, writeFiles } from "./testing/netproof.ts";
import { startConnectProxy, startSocksProxy } from "./testing/proxies.ts";

const folder = temporaryFolder();
const never = new AbortController().signal;
let api: TestServer;
let to: number;

beforeAll(async () => {
  api = await startTestServer();
  to = Number(new URL(api.server.url).port);
  const containers = [{ name: "probe", image: "i" }];
  await api.send("POST", "/api/v1/namespaces/default/pods", {
    body: { metadata: { name: "p" }, spec: { containers } },
  });
  api.store.update("Pod", "default", "p", (pod) => ({
    ...pod,
    spec: { containers, nodeName: "node1" },
    status: { phase: "Running" },
  }));
});

afterAll(() => api[Symbol.asyncDispose]());

describe("the API server is reached", () => {
  it("through the kubeconfig's proxy, by one tunnel for one call after another, and sessions too", async () => {
    await using proxy = await startConnectProxy({ to });
    await using client = await clientFor({ "proxy-url": `http://${proxy.host}` });
    for (let call = 0; call < 3; call++) await get(client.api, { kind: NAMESPACES, name: "default" }, never);
    expect(proxy.asked).toEqual([`127.0.0.1:${to}`]);
    expect(await firstLine(client.api)).toBe("hello");
    // While the session has the first tunnel, or once it is over, calls need another.
    await list(client.api, { kind: NAMESPACES }, never);
    expect(proxy.asked.length).toBeLessThanOrEqual(2);
  });

  it("with user and password", async () => {
    await using proxy = await startConnectProxy({ to, credentials: "user:p@ss" });
    await using client = await clientFor({ "proxy-url": `http://user:p%40ss@${proxy.host}` });
    expect((await list(client.api, { kind: NAMESPACES }, never)).items).toHaveLength(2);
  });

  it("through a proxy that speaks TLS, trusted by the authorities of the kubeconfig", async () => {
    const tls = await makeSelfSigned({ name: "localhost" });
    await using proxy = await startConnectProxy({ to, tls });
    const both = Buffer.from(`${api.ca}\n${tls.certificate}`).toString("base64");
    const url = { "proxy-url": `https://localhost:${proxy.host.split(":")[1]}` };
    await using client = await clientFor({ ...url, "certificate-authority-data": both });
    expect((await list(client.api, { kind: NAMESPACES }, never)).items).toHaveLength(2);
    await using distrusting = await clientFor(url);
    await expect(list(distrusting.api, { kind: NAMESPACES }, never)).rejects.toThrow(/the proxy https:.*certificate/);
  });

  it("through a SOCKS proxy, which resolves names; sessions too", async () => {
    await using proxy = await startSocksProxy({ to });
    const url = { "proxy-url": `socks5://${proxy.host}` };
    await using client = await clientFor(url);
    for (let call = 0; call < 3; call++) await list(client.api, { kind: NAMESPACES }, never);
    expect(proxy.asked).toEqual([`127.0.0.1:${to}`]);
    expect(await firstLine(client.api)).toBe("hello");
    await using named = await clientFor({ ...url, server: "https://k8s.invalid:6443", "tls-server-name": "localhost" });
    await expect(list(named.api, { kind: NAMESPACES }, never)).rejects.toThrow(/answered 421/);
    expect(proxy.asked.at(-1)).toBe("k8s.invalid:6443");
  });

  it("through the environment's proxy, unless NO_PROXY names it", async () => {
    await using proxy = await startConnectProxy({ to });
    // The lab refuses to be called by another address than its own: an answer shows that it was reached.
    const cluster = { server: "https://192.0.2.1:6443", "tls-server-name": "localhost" };
    await using client = await clientFor(cluster, { HTTPS_PROXY: `http://${proxy.host}` });
    await expect(list(client.api, { kind: NAMESPACES }, never)).rejects.toThrow(/answered 421/);
    expect(proxy.asked).toEqual(["192.0.2.1:6443"]);
    await using direct = await clientFor({}, { HTTPS_PROXY: `http://${proxy.host}` });
    await list(direct.api, { kind: NAMESPACES }, never);
    expect(proxy.asked).toHaveLength(1);
  });

  it.each([
    { scheme: "http", server: "https://192.0.2.1:6443", asked: "192.0.2.1:6443" },
    { scheme: "http", server: "https://[2001:db8::1]:6443", asked: "[2001:db8::1]:6443" },
    { scheme: "socks5", server: "https://192.0.2.1:6443", asked: "192.0.2.1:6443" },
  ])("only where its certificate is for its own address: $scheme to $server", async ({ scheme, server, asked }) => {
    await using proxy = await (scheme === "http" ? startConnectProxy({ to }) : startSocksProxy({ to }));
    await using client = await clientFor({ "proxy-url": `${scheme}://${proxy.host}`, server });
    await expect(list(client.api, { kind: NAMESPACES }, never)).rejects.toThrow(/its certificate is not for "/);
    expect(proxy.asked).toEqual([asked]);
  });
});

describe("a proxy that does not lead to the server is named, with what to do", () => {
  it.each([
    { refusal: 407, message: /refuses to lead there: it answered 407\n +Put the user and the password/ },
    { refusal: 403, message: /refuses to lead there: it answered 403\n +Check proxy-url/ },
  ])("it answers $refusal", async ({ refusal, message }) => {
    await using proxy = await startConnectProxy({ to, refusal });
    const { code, stderr } = await cleanup({ "proxy-url": `http://user:secret@${proxy.host}` });
    expect(stderr).toMatch(message);
    expect(stderr).toContain(`the proxy http://${proxy.host} (proxy-url in the kubeconfig)`);
    expect(stderr).not.toContain("secret");
    expect(proxy.asked).toHaveLength(1);
    expect(code).toBe(3);
  });

  it.each(["http", "socks5"])("nothing listens there: %s", async (scheme) => {
    const proxy = await startConnectProxy({ to });
    await proxy[Symbol.asyncDispose]();
    const { code, stderr } = await cleanup({ "proxy-url": `${scheme}://${proxy.host}` });
    expect(stderr).toMatch(
      /the proxy .* \(proxy-url in the kubeconfig\) does not lead there: .*ECONNREFUSED.*\n +Check/,
    );
    expect(code).toBe(3);
  });

  it("its URL makes no sense", async () => {
    const { code, stderr } = await cleanup({ "proxy-url": "127.0.0.1:3128" });
    expect(stderr).toMatch(/"127\.0\.0\.1:3128" is no URL of a proxy\n +Write it as http:\/\/host:port/);
    expect(code).toBe(3);
  });
});

it("a run that is interrupted does not wait for a proxy that is silent", async () => {
  await using proxy = await startConnectProxy({ to, isSilent: true });
  await using client = await clientFor({ "proxy-url": `http://${proxy.host}` });
  const interrupted = new AbortController();
  const reason = new Error("interrupted");
  const listing = list(client.api, { kind: NAMESPACES }, interrupted.signal);
  const asked = expect.poll(() => proxy.asked.length, { timeout: 10_000 }).toBe(1);
  await Promise.race([asked, listing]);
  interrupted.abort(reason);
  await expect(listing).rejects.toBe(reason);
});

type ClusterFields = Readonly<Record<string, string>>;

/** The lab's kubeconfig, with other fields of its cluster. */
function kubeconfig(fields: ClusterFields): string {
  const config = JSON.parse(api.server.kubeconfig);
  Object.assign(config.clusters[0].cluster, fields);
  return JSON.stringify(config);
}

async function clientFor(fields: ClusterFields, env = {}): Promise<AsyncDisposable & { readonly api: ApiClient }> {
  const client = new ApiClient(await readAccess({ kind: "text", text: kubeconfig(fields) }, { env }));
  return { api: client, [Symbol.asyncDispose]: async () => client.close() };
}

function cleanup(fields: ClusterFields): ReturnType<typeof netproof> {
  writeFiles(folder, { "config.json": kubeconfig(fields) });
  return netproof(["cleanup", "--kubeconfig", join(folder, "config.json")]);
}

async function firstLine(client: ApiClient): Promise<string | undefined> {
  const target = { namespace: "default", pod: "p", container: "probe", command: ["echo", "hello"] };
  const channel = await openExecChannel(client, target, never);
  for await (const line of channel.lines) {
    channel.close();
    return line;
  }
  return undefined;
}

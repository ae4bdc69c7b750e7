import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../src/lab/api/test-server.ts";
import { makeSelfSigned } from "./testing/certificates.ts";
import { labReason } from "./testing/lab.ts";
import { type Ended, execute, LAUNCHER, netproof, ROOT, temporaryFolder, writeFiles } from "./testing/netproof.ts";

const folder = temporaryFolder();
const SHOP = join(ROOT, "scenarios/three-tier");
const STALE_MS = 60_000;
let api: TestServer;

beforeAll(async () => {
  api = await startTestServer();
});
afterAll(() => api[Symbol.asyncDispose]());

describe("a cluster that cannot be used ends with its reason and what to do", () => {
  it("an expired client certificate", async () => {
    const { certificate, key } = await makeSelfSigned({ name: "me", notAfter: new Date(Date.now() - STALE_MS) });
    const user = { "client-certificate-data": base64(certificate), "client-key-data": base64(key) };
    expectFailure(await prove({ user }), {
      line: /^Cannot get credentials for context "netproof-lab": the client certificate expired at 20\d\d-.*Z$/,
      hint: /Get a new kubeconfig/,
    });
  });

  it("a token that is not accepted", async () => {
    expectFailure(await prove({ user: { token: "wrong" } }), {
      line: /^Cannot .*: the API server answered 401: Unauthorized$/,
      hint: /log in again, or choose another --context/,
    });
  });

  it("a closed port", async () => {
    const server = `https://127.0.0.1:${await closedPort()}`;
    expectFailure(await prove({ cluster: { server } }), {
      line: /^Cannot .*: the API server at https:\/\/127\.0\.0\.1:\d+ does not answer: .*ECONNREFUSED/,
      hint: /Check the address of the server/,
    });
  });

  it("a name that does not resolve", async () => {
    expectFailure(await prove({ cluster: { server: "https://k8s.invalid:6443" } }), {
      line: /^Cannot .*: (no address is known for "k8s\.invalid"|.* does not answer: .*EAI_AGAIN.*)$/,
      hint: /Check the address of the server/,
    });
  });

  it("a server certificate of another authority", async () => {
    const { certificate } = await makeSelfSigned({ name: "other" });
    expectFailure(await prove({ cluster: { "certificate-authority-data": base64(certificate) } }), {
      line: /^Cannot .* cannot be trusted: its certificate is not signed by the kubeconfig's certificate authority/,
      hint: /kubeconfig anew/,
    });
  });

  it("a server certificate for another name", async () => {
    expectFailure(await prove({ cluster: { "tls-server-name": "k8s.example" } }), {
      line: /^Cannot .* cannot be trusted: its certificate is not for "k8s\.example"$/,
      hint: /tls-server-name/,
    });
  });

  it("a server that speaks no TLS", async () => {
    const plain = createServer((socket) => socket.on("error", () => {}).end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    const port = await listen(plain);
    const ended = await prove({ cluster: { server: `https://127.0.0.1:${port}` } });
    plain.close();
    expectFailure(ended, { line: /^Cannot .* does not speak TLS/, hint: /Check the address/ });
  });

  it("a credential plugin that is not installed, with the hint of the kubeconfig", async () => {
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "no-such-plugin", interactiveMode: "Never" };
    const line =
      /^Cannot get credentials for context "netproof-lab": its credential plugin "no-such-plugin" is not installed$/;
    expectFailure(await prove({ user: { exec } }), { line, hint: /Install it so that it is on the PATH/ });
    const installHint = "See the handbook of your cloud\nand more";
    expectFailure(await prove({ user: { exec: { ...exec, installHint } } }), {
      line,
      hint: /^ {2}See the handbook of your cloud$/,
    });
  });

  it("a credential plugin that fails", async () => {
    const args = ["-c", "echo first >&2; echo 'session expired' >&2; exit 1"];
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "sh", args, interactiveMode: "Never" };
    expectFailure(await prove({ user: { exec } }), {
      line: /: its credential plugin "sh" failed: session expired$/,
      hint: /kubectl get --raw/,
    });
  });

  it("no current context", async () => {
    expectFailure(await prove({ config: { "current-context": "" } }), {
      line: /^Cannot tell which cluster to use: the kubeconfig names no current context$/,
      hint: /Choose one with --context: netproof-lab/,
    });
  });

  it("a current context that does not exist", async () => {
    expectFailure(await prove({ config: { "current-context": "gone" } }), {
      line: /^Cannot tell which cluster to use: the kubeconfig has no context "gone"$/,
      hint: /Choose one with --context: netproof-lab/,
    });
  });

  it("a context whose user is missing", async () => {
    expectFailure(await prove({ config: { users: [] } }), {
      line: /^Cannot use context "netproof-lab": the kubeconfig has no user "netproof-lab"$/,
      hint: /Mend the kubeconfig/,
    });
  });

  it("no kubeconfig at all", async () => {
    const env = { HOME: join(folder, "nobody"), KUBECONFIG: "" };
    mkdirSync(env.HOME);
    expectFailure(await netproof(["prove", "-f", SHOP], { env }), {
      line: /^Cannot tell which cluster to use: there is no kubeconfig, /,
      hint: /--kubeconfig or \$KUBECONFIG.*, or try without a cluster: --lab/,
    });
  });

  it("a file that $KUBECONFIG names and that is not there", async () => {
    const ended = await netproof(["prove", "-f", SHOP], { env: { KUBECONFIG: "/does/not/exist" } });
    expectFailure(ended, {
      line: /^Cannot read the kubeconfig "\/does\/not\/exist": there is no such file$/,
      hint: /\$KUBECONFIG/,
    });
  });

  it.each([
    { name: "no YAML", text: "clusters: [" },
    { name: "an empty file", text: "" },
    { name: "a cluster without server", text: "clusters: [{name: a, cluster: {}}]" },
  ])("a kubeconfig that is $name", async ({ text }) => {
    writeFiles(folder, { "bad.yaml": text });
    const ended = await netproof(["prove", "-f", SHOP, "--kubeconfig", join(folder, "bad.yaml")]);
    expectFailure(ended, { line: /^Cannot read the kubeconfig ".*bad\.yaml": .+/, hint: /Name a readable one/ });
  });
});

describe("a flag that names what is not there is bad usage", () => {
  it("--kubeconfig", async () => {
    const ended = await netproof(["prove", "-f", SHOP, "--kubeconfig", "/does/not/exist"]);
    expectFailure(ended, {
      code: 2,
      line: /^Cannot read the kubeconfig "\/does\/not\/exist": there is no such file$/,
      hint: /Name a readable one with --kubeconfig/,
    });
  });

  it("--context", async () => {
    expectFailure(await prove({}, ["--context", "staging"]), {
      code: 2,
      line: /^Cannot tell which cluster to use: the kubeconfig has no context "staging"$/,
      hint: /Choose one with --context: netproof-lab/,
    });
  });
});

/** A network of its own, where what is sent to 192.0.2.2 reaches an interface that is not meant, and is dropped there. */
const BLACK_HOLE = [
  "ip link add near type veth peer name far",
  "ip address add 192.0.2.1/24 dev near",
  "ip link set near up",
  "ip link set far up",
  "ip neighbour add 192.0.2.2 lladdr 02:00:00:00:00:02 dev near",
  'exec "$@"',
].join(" && ");

describe.skipIf(labReason)(`an address where nothing answers${labReason ?? ""}`, () => {
  // The kernel would go on for two minutes, six times over; this has the minute that every test has.
  it("is given up in good time", async () => {
    const config = writeConfig({ cluster: { server: "https://192.0.2.2:6443" } });
    const own = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
    const command = [process.execPath, LAUNCHER, "prove", "-f", SHOP, "--kubeconfig", config];
    const ended = await execute(["unshare", ...own, "--net", "sh", "-c", BLACK_HOLE, "sh", ...command]);
    expectFailure(ended, {
      line: /^Cannot .*: the API server at https:\/\/192\.0\.2\.2:6443 does not answer: no connection within 5 s$/,
      hint: /VPN or a proxy/,
    });
  });
});

interface Changes {
  readonly config?: object;
  readonly cluster?: object;
  /** In place of the lab's. */
  readonly user?: object;
}

/** Writes the test server's kubeconfig with changes, into a file of its own. */
function writeConfig({ config = {}, cluster = {}, user }: Changes): string {
  const changed = JSON.parse(api.server.kubeconfig);
  Object.assign(changed.clusters[0].cluster, cluster);
  if (user !== undefined) changed.users[0].user = user;
  writeFiles(folder, { "config.json": JSON.stringify({ ...changed, ...config }) });
  return join(folder, "config.json");
}

function prove(changes: Changes, args: readonly string[] = []): Promise<Ended> {
  return netproof(["prove", "-f", SHOP, "--kubeconfig", writeConfig(changes), ...args]);
}

/** Two lines on stderr, nothing on stdout. */
function expectFailure({ code, stdout, stderr }: Ended, wanted: { code?: number; line: RegExp; hint: RegExp }): void {
  const [line = "", hint = "", ...more] = stderr.trimEnd().split("\n");
  expect(line).toMatch(wanted.line);
  expect(hint).toMatch(wanted.hint);
  expect(more).toEqual([]);
  expect(stdout).toBe("");
  expect(code).toBe(wanted.code ?? 3);
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((closed) => server.close(closed));
  return port;
}

function listen(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((listening) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      listening(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
}

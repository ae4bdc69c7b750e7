import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startTestServer } from "../src/lab/api/test-server.ts";
import { labReason } from "./testing/lab.ts";
import { execute, LAUNCHER, netproof, temporaryFolder, writeFiles } from "./testing/netproof.ts";

const folder = temporaryFolder();
const NO_KUBECONFIG = { KUBECONFIG: "", HOME: join(folder, "home") };

it.skipIf(labReason)(`a pod's service account is used where there is no kubeconfig${labReason ?? ""}`, async () => {
  await using api = await startTestServer();
  const { port } = new URL(api.server.url);
  const account = join(folder, "account");
  mkdirSync(account);
  writeFiles(account, { "ca.crt": api.ca, token: api.server.token, namespace: "netproof" });
  const mounted = "/var/run/secrets/kubernetes.io/serviceaccount";
  const command = `mount -t tmpfs tmpfs /var/run && mkdir -p ${mounted} && cp ${account}/* ${mounted} && exec "$0" "$@"`;
  const own = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
  const inPod = ["unshare", ...own, "--mount", "--propagation", "private", "sh", "-c", command];
  const ended = await execute([...inPod, process.execPath, LAUNCHER, "cleanup"], {
    env: { ...NO_KUBECONFIG, KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: port },
  });
  expect(ended).toEqual({ code: 0, stdout: "nothing is left of any run\n", stderr: "" });
});

it("without a kubeconfig and outside of a pod, it is said what to name", async () => {
  const { code, stderr } = await netproof(["cleanup"], { env: NO_KUBECONFIG });
  expect(stderr).toContain("there is no kubeconfig, and this is no pod with a service account");
  expect(stderr).toContain("--kubeconfig or $KUBECONFIG");
  expect(code).toBe(3);
});

// The cluster tests on genuine clusters that this starts by itself, one after another: with policies enforced by nobody,
// by Calico and by Cilium. Ends with exit 0 where a cluster cannot be had here, and says what was missing.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { setUp } from "./setup.mjs";

const root = resolve(fileURLToPath(import.meta.url), "../..");
const kit = join(root, "test/cluster/genuine");
const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "netproof-test-cluster");
const env = {
  ...process.env,
  NETPROOF_CLUSTER_DIR: folder,
  NETPROOF_CLUSTER_NAME: "nptest",
  NETPROOF_CLUSTER_NET: "10.251.0",
  KUBECONFIG: join(folder, "admin.kubeconfig"),
};
/** By network: what turns it on and off, its address families, and on how many nodes: what enforces there can be stopped on one of two. */
const NETWORKS = {
  none: { nodes: 1 },
  cilium: { nodes: 1, on: ["cilium/on"], off: ["cilium/off"] },
  calico: { nodes: 2, on: ["calico/on"], off: ["calico/off"] },
  dual: { nodes: 1, families: "dual" },
  "calico-dual": { nodes: 1, families: "dual", on: ["calico/on"], off: ["calico/off"] },
  "cilium-icmp": { nodes: 1, on: ["cilium/on", "--policy-deny-response=icmp"], off: ["cilium/off"] },
};
const USUAL = ["none", "cilium", "calico"];

function run([command, ...args], more = {}, stdio = ["ignore", 2, 2]) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio, env: { ...env, ...more } });
  if (error) throw error;
  return status === 0;
}

const kitCommand = ([name, ...args], more) => run([join(kit, name), ...args], more);

/** Why no genuine cluster can be had here; undefined if it seems possible. */
function findObstacle() {
  if (process.platform !== "linux") return "it needs Linux";
  if (process.getuid?.() !== 0) return "it needs root: network namespaces, cgroups and mounts are made";
  if (!existsSync("/etc/debian_version")) return "it needs Debian's packages";
  return undefined;
}

/** "passed", "failed", or "skipped" where the cluster or the network cannot be had. */
function testOn(name, tests) {
  const { nodes, families = "ipv4", on, off } = NETWORKS[name];
  const began = performance.now();
  const shape = { NETPROOF_CLUSTER_NODES: String(nodes), NETPROOF_CLUSTER_FAMILIES: families };
  if (!kitCommand(["up"], shape)) return "skipped";
  if (!loadImage()) return "failed";
  if (on !== undefined && !kitCommand(on)) {
    kitCommand(off);
    return "skipped";
  }
  console.error(`cluster tests: ${name}, ${nodes} node${nodes === 1 ? "" : "s"}`);
  const args = ["vitest", "run", "--config", "vitest.cluster.config.ts", ...tests];
  const passed = run(["npx", ...args], { NETPROOF_CLUSTER_NETWORK: name }, "inherit");
  if (off !== undefined) kitCommand(off);
  console.error(`cluster tests: ${name} took ${Math.round((performance.now() - began) / 1000)} s`);
  return passed ? "passed" : "failed";
}

function loadImage() {
  const image = join(folder, "probe.tar");
  return (
    run([process.execPath, join(root, "bin/netproof.mjs"), "image", "save", image]) && kitCommand(["load-image", image])
  );
}

const names = process.argv.slice(2).filter((word) => word in NETWORKS);
const tests = process.argv.slice(2).filter((word) => !(word in NETWORKS));
const obstacle = findObstacle();
if (obstacle === undefined) {
  setUp();
  const results = (names.length > 0 ? names : USUAL).map((name, index) => {
    // What a dead run leaves behind is no matter of the network: it is tried on the first.
    const result = testOn(name, index === 0 ? tests : [...tests, "--exclude", "**/leaves.cluster.ts"]);
    kitCommand(["down", "--keep"]);
    return result === "skipped" ? `${name} skipped (it could not be had here, see above)` : `${name} ${result}`;
  });
  console.error(`cluster tests: ${results.join(", ")}`);
  process.exitCode = results.some((result) => result.endsWith(" failed")) ? 1 : 0;
} else console.error(`cluster tests: skipped: ${obstacle}`);

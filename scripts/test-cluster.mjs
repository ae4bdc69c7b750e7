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
/** By network: what turns it on and off. */
const NETWORKS = {
  none: {},
  calico: { on: ["calico/on"], off: ["calico/off"] },
  cilium: { on: ["cilium/on"], off: ["cilium/off"] },
  "cilium-icmp": { on: ["cilium/on", "--policy-deny-response=icmp"], off: ["cilium/off"] },
};

function run([command, ...args], options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2], env, ...options });
  if (error) throw error;
  return status === 0;
}

const kitCommand = ([name, ...args]) => run([join(kit, name), ...args]);

/** Why no genuine cluster can be had here; undefined if it seems possible. */
function findObstacle() {
  if (process.platform !== "linux") return "it needs Linux";
  if (process.getuid?.() !== 0) return "it needs root: network namespaces, cgroups and mounts are made";
  if (!existsSync("/etc/debian_version")) return "it needs Debian's packages";
  return undefined;
}

function testOn(name, tests) {
  const { on, off } = NETWORKS[name];
  if (on !== undefined && !kitCommand(on)) {
    console.error(`cluster tests: ${name} could not be turned on here, see above`);
    kitCommand(off);
    return true;
  }
  console.error(`cluster tests: ${name}`);
  const args = ["vitest", "run", "--config", "vitest.cluster.config.ts", ...tests];
  const passed = run(["npx", ...args], { stdio: "inherit", env: { ...env, NETPROOF_CLUSTER_NETWORK: name } });
  if (off !== undefined) kitCommand(off);
  return passed;
}

const names = process.argv.slice(2).filter((word) => word in NETWORKS);
const tests = process.argv.slice(2).filter((word) => !(word in NETWORKS));
const obstacle = findObstacle();
if (obstacle === undefined) {
  setUp();
  const image = join(folder, "probe.tar");
  if (!kitCommand(["up"])) {
    console.error("cluster tests: skipped: no genuine cluster could be started here, see above");
    kitCommand(["down", "--keep"]);
  } else {
    let passed = run([process.execPath, join(root, "bin/netproof.mjs"), "image", "save", image]);
    passed = passed && kitCommand(["load-image", image]);
    for (const name of names.length > 0 ? names : Object.keys(NETWORKS).slice(0, 3))
      passed = testOn(name, tests) && passed;
    kitCommand(["down", "--keep"]);
    process.exitCode = passed ? 0 : 1;
  }
} else console.error(`cluster tests: skipped: ${obstacle}`);

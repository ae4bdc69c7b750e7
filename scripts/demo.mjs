// The main job, twice: on a lab that enforces policies, and on one that ignores them.
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { setUp } from "./setup.mjs";

const root = resolve(fileURLToPath(import.meta.url), "../..");

setUp();
prove([], 0, "A faithful cluster: every connection that the policies deny is tried, and blocked.");
prove(["--lab-fault", "nothing-enforced"], 4, "A cluster that accepts policies and ignores them, as some do.");
console.log("\nBoth runs ended as they should: proven (exit 0), and caught (exit 4).");
console.log("Now your own:  npx netproof prove -f <your policies> --lab");

function prove(flags, expected, title) {
  const args = ["prove", "-f", "scenarios/three-tier", "--lab", ...flags];
  console.log(`\n## ${title}\n$ npx netproof ${args.join(" ")}\n`);
  const { status } = spawnSync(process.execPath, [join(root, "bin/netproof.mjs"), ...args], {
    cwd: root,
    stdio: "inherit",
  });
  console.log(`\nexit ${status}`);
  if (status === expected) return;
  console.error(`This should have been exit ${expected}`);
  process.exit(status === 3 ? 3 : 1);
}

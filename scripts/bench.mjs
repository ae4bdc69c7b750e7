// How fast it is, in figures: medians of several runs. Nothing here fails; compare within one run, machines differ.
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { buildAgent, buildProgram } from "./build.mjs";
import { setUp } from "./setup.mjs";

const root = resolve(fileURLToPath(import.meta.url), "../..");
const RUNS = 7;

setUp();
await buildProgram(console.error);
await buildAgent(process.arch === "arm64" ? "arm64" : "amd64", console.error);

console.log("## The command, start to exit");
time("--version", ["--version"]);
time("prove: 4 policies in the lab", ["prove", "-f", "scenarios/three-tier", "--lab"]);
time("prove: nothing enforced", ["prove", "-f", "scenarios/three-tier", "--lab", "--lab-fault", "nothing-enforced"], 3);

console.log("\n## The engine and the lab");
run("npx", ["vitest", "bench", "--run"], root);

console.log("\n## The agent: connections a second, both ends on this machine");
run("go", ["test", "-run", "^$", "-bench", ".", "-count", "5", "./..."], join(root, "probe-image"));

function time(name, args, runs = RUNS) {
  const seconds = Array.from({ length: runs + 1 }, () => {
    const began = performance.now();
    spawnSync(process.execPath, [join(root, "bin/netproof.mjs"), ...args], { cwd: root, stdio: "ignore" });
    return (performance.now() - began) / 1000;
  });
  const sorted = seconds.slice(1).sort((a, b) => a - b);
  const [min, median, max] = [sorted[0], sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
  console.log(`${name.padEnd(36)} median ${median.toFixed(2)} s (${min.toFixed(2)}–${max.toFixed(2)}, ${runs} runs)`);
}

function run(command, args, cwd) {
  spawnSync(command, args, { cwd, stdio: "inherit", env: { ...process.env, GOFLAGS: "-buildvcs=false" } });
}

// Everything that a tool can check: format and lint, types, dead code, tests, and the same for Go.
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { runTests } from "./test.mjs";

const root = resolve(fileURLToPath(import.meta.url), "../..");
const agent = join(root, "probe-image");

const failures = [
  step("format and lint", root, ["npx", "biome", "check", "."]),
  step("types", root, ["npx", "tsc", "-p", "."]),
  step("dead code", root, ["npx", "knip"]),
  step("go vet", agent, ["go", "vet", "./..."]),
  step("gofmt", agent, ["sh", "-c", 'test -z "$(gofmt -l .)" || { gofmt -d .; exit 1; }']),
].filter((failure) => failure !== undefined);

const passed = runTests();
for (const failure of failures) console.error(`failed: ${failure}`);
process.exitCode = passed && failures.length === 0 ? 0 : 1;

function step(name, cwd, [command, ...args]) {
  console.log(`## ${name}`);
  const { status } = spawnSync(command, args, { cwd, stdio: "inherit" });
  return status === 0 ? undefined : name;
}

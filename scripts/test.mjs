// All tests: TypeScript, then Go; ends with one plain line of numbers. Sets up what they need first.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { setUp } from "./setup.mjs";

const root = resolve(fileURLToPath(import.meta.url), "../..");

/** Runs all tests. Returns whether all passed. */
export function runTests(config = []) {
  setUp();
  const totals = [runVitest(config), ...(config.length > 0 ? [] : [runGo()])];
  const sum = (key) => totals.reduce((all, own) => all + own[key], 0);
  for (const { skips } of totals) for (const skip of skips) console.log(`skipped: ${skip}`);
  console.log(`${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped`);
  return sum("failed") === 0;
}

function runVitest(config) {
  const folder = mkdtempSync(join(tmpdir(), "netproof-test-"));
  const file = join(folder, "vitest.json");
  try {
    const args = ["vitest", "run", ...config, "--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
    const { status } = spawnSync("npx", args, { cwd: root, stdio: "inherit" });
    const report = JSON.parse(readFileSync(file, "utf8"));
    const tests = report.testResults.flatMap((result) => result.assertionResults);
    const named = (wanted) => tests.filter((test) => wanted.includes(test.status));
    const failed = named(["failed"]).length;
    const skipped = named(["skipped", "pending", "todo", "disabled"]);
    return {
      passed: named(["passed"]).length,
      // A file that does not even load has no test to fail.
      failed: failed === 0 && status !== 0 ? 1 : failed,
      skipped: skipped.length,
      skips: skipped.map((test) => test.fullName),
    };
  } catch (error) {
    console.error(`vitest left no report: ${error.message}`);
    return { passed: 0, failed: 1, skipped: 0, skips: [] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runGo() {
  const { stdout, stderr, status } = spawnSync("go", ["test", "-json", "./..."], {
    cwd: join(root, "probe-image"),
    encoding: "utf8",
    maxBuffer: 64 << 20,
    env: { ...process.env, GOFLAGS: "-buildvcs=false" },
  });
  const events = stdout.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line)] : []));
  const ended = (action) => events.filter((event) => event.Test && event.Action === action);
  if (status !== 0) {
    process.stdout.write(events.map((event) => event.Output ?? "").join(""));
    process.stderr.write(stderr);
  }
  const failed = ended("fail").length;
  return {
    passed: ended("pass").length,
    failed: failed === 0 && status !== 0 ? 1 : failed,
    skipped: ended("skip").length,
    skips: ended("skip").map((event) => event.Test),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const suite = process.argv.slice(2).find((word) => word === "--sets" || word === "--cluster");
  const config = suite === undefined ? [] : ["--config", `vitest.${suite.slice(2)}.config.ts`];
  process.exitCode = runTests(config) ? 0 : 1;
}

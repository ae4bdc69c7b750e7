import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { labReason } from "./testing/lab.ts";
import { execute, LAUNCHER, ROOT, temporaryFolder } from "./testing/netproof.ts";

const folder = temporaryFolder();
const PROVE = `prove -f '${join(ROOT, "scenarios/three-tier")}' --lab`;
const run = (before: string, args: string, after = "") =>
  execute(["sh", "-c", `${before} exec '${process.execPath}' '${LAUNCHER}' ${args} ${after}`]);

describe("what a machine is short of never looks like a verdict", () => {
  const noFull = existsSync("/dev/full") ? "" : " (skipped: no /dev/full here)";

  it.skipIf(noFull)(`room for the result${noFull}`, async () => {
    const { code, stderr } = await run("", "prove --help", "> /dev/full");
    expect(stderr).toMatch(/^Cannot write the result to stdout: ENOSPC/m);
    expect(code).toBe(3);
  });

  it("a folder for the report: said before anything is made", async () => {
    const { code, stderr } = await run("", `${PROVE} --report junit='${join(folder, "no/such/out.xml")}'`);
    expect(stderr).toMatch(/^Cannot write the report/m);
    expect(stderr).not.toContain("starting the lab");
    expect(code).toBe(2);
  });

  it.skipIf(labReason)(`file descriptors${labReason ?? ""}`, async () => {
    const { code, stderr } = await run("ulimit -n 100;", PROVE);
    expect(stderr).toMatch(/EMFILE.*\n {2}Raise the limits/);
    expect(code).toBe(3);
  });
});

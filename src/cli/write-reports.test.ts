import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { writeFailure } from "./write-reports.ts";

const folder = mkdtempSync(join(tmpdir(), "netproof-reports-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a run without a record", () => {
  it("leaves a JUnit report that errs, and none of an earlier run", async () => {
    const [junit, json] = [join(folder, "out.xml"), join(folder, "run.json")];
    writeFileSync(json, '{"outcome": {"result": "proven"}}');
    const reports = [
      { format: "junit", path: junit },
      { format: "json", path: json },
    ] as const;
    await writeFailure(reports, "no cluster", "2026-01-01T00:00:00Z");
    expect(readFileSync(junit, "utf8")).toMatch(/<error.*no cluster/s);
    expect(existsSync(json)).toBe(false);
  });

  it("removes nothing that is no file, and writes through it", async () => {
    const [target, link] = [join(folder, "target.xml"), join(folder, "link.xml")];
    writeFileSync(target, "");
    symlinkSync(target, link);
    await writeFailure([{ format: "json", path: link }], "no cluster", "2026-01-01T00:00:00Z");
    await writeFailure([{ format: "junit", path: link }], "no cluster", "2026-01-01T00:00:00Z");
    expect(readFileSync(target, "utf8")).toMatch(/no cluster/);
  });
});

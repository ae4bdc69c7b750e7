import { existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { checkReports, writeFailure } from "./write-reports.ts";

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

  it("follows a link, which stays", async () => {
    const [target, link] = [join(folder, "target.xml"), join(folder, "link.xml")];
    writeFileSync(target, "proven");
    symlinkSync(target, link);
    await writeFailure([{ format: "json", path: link }], "no cluster", "2026-01-01T00:00:00Z");
    expect(existsSync(target)).toBe(false);
    await writeFailure([{ format: "junit", path: link }], "no cluster", "2026-01-01T00:00:00Z");
    expect(readlinkSync(link)).toBe(target);
  });

  it("removes nothing that is no file", async () => {
    await writeFailure([{ format: "json", path: "/dev/null" }], "no cluster", "2026-01-01T00:00:00Z");
    expect(existsSync("/dev/null")).toBe(true);
  });

  it("is refused a folder as its report before anything is made", async () => {
    await expect(checkReports([{ format: "json", path: folder }])).rejects.toThrow(/it is a folder/);
  });
});

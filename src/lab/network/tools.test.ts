import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findTools, requireLinux } from "./tools.ts";

const ALL = ["ip", "mount", "nft", "nsenter", "setpriv", "unshare"];
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "netproof-tools-"));
  for (const name of ["all", "some", "busybox"]) mkdirSync(join(folder, name));
  for (const name of ALL) program("all", name);
  for (const name of ["mount", "nsenter", "setpriv", "unshare"]) program("some", name);
  program("busybox", "busybox");
  for (const name of ALL) symlinkSync("busybox", join(folder, "busybox", name));
});
afterAll(() => rmSync(folder, { recursive: true }));

function program(place: string, name: string): void {
  writeFileSync(join(folder, place, name), "");
  chmodSync(join(folder, place, name), 0o755);
}

test("tools are found in the first folder that has them", () => {
  const tools = findTools(`relative:${join(folder, "some")}`, [join(folder, "all")]);
  expect(tools.ip).toBe(join(folder, "all", "ip"));
  expect(tools.unshare).toBe(join(folder, "some", "unshare"));
});

test("missing tools are named with the packages that have them", () => {
  const search = () => findTools("", [join(folder, "some")]);
  expect(search).toThrow(
    expect.objectContaining({
      code: "LAB_TOOLS_MISSING",
      message: `Cannot start the lab: "ip", "nft" not found in ${join(folder, "some")}`,
      hint: "Install it: apt-get install iproute2 nftables (Debian, Ubuntu), dnf install iproute nftables (Fedora), apk add iproute2 nftables (Alpine)",
    }),
  );
});

test("BusyBox's small namesakes do not count", () => {
  expect(() => findTools("", [join(folder, "busybox")])).toThrow(
    /"ip", "mount", "nft", "nsenter", "setpriv", "unshare"/,
  );
  expect(findTools("", [join(folder, "busybox"), join(folder, "all")]).ip).toBe(join(folder, "all", "ip"));
});

test("another system than Linux is told what to use instead", () => {
  expect(() => requireLinux("darwin")).toThrow(
    expect.objectContaining({ code: "LAB_NEEDS_LINUX", hint: expect.stringContaining("--kubeconfig") }),
  );
  expect(() => requireLinux("linux")).not.toThrow();
});

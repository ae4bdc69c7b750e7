import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { labReason } from "./testing/lab.ts";
import { ROOT, temporaryFolder } from "./testing/netproof.ts";

const folder = temporaryFolder();
const checkout = join(folder, "checkout");
const published = join(folder, "published");
const version: string = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).version;

beforeAll(() => {
  chmodSync(folder, 0o755);
  for (const name of ["bin", "src", "scripts", "probe-image", "package.json", "tsconfig.json"]) {
    cpSync(join(ROOT, name), join(checkout, name), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(checkout, "node_modules"));
  mkdirSync(published);
  for (const name of ["bin", "dist", "schemas", "package.json"]) {
    cpSync(join(ROOT, name), join(published, name), { recursive: true });
  }
});

describe("the launcher in a checkout", () => {
  it("builds what is missing, visibly, and builds it once", () => {
    rmSync(join(checkout, "dist"), { recursive: true, force: true });
    expect(netproof(checkout, ["--version"])).toMatchObject({
      status: 0,
      stdout: `${version}\n`,
      stderr: "building netproof\n",
    });
    expect(netproof(checkout, ["--version"])).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: "" });
  });

  it("builds again when a source is newer", () => {
    netproof(checkout, ["--version"]);
    const soon = Date.now() / 1000 + 5;
    utimesSync(join(checkout, "src/cli/main.ts"), soon, soon);
    expect(netproof(checkout, ["--version"]).stderr).toBe("building netproof\n");
  });

  it("says what to do without its dependencies", () => {
    rmSync(join(checkout, "dist"), { recursive: true, force: true });
    rmSync(join(checkout, "node_modules"));
    const { status, stderr } = netproof(checkout, ["--version"]);
    symlinkSync(join(ROOT, "node_modules"), join(checkout, "node_modules"));
    expect(stderr).toMatch(/run `npm ci`/);
    expect(status).toBe(3);
  });

  it("says what to do without Go, where the agent is needed", () => {
    const args = ["prove", "-f", join(ROOT, "scenarios/three-tier"), "--lab"];
    const { status, stderr } = netproof(checkout, args, { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" });
    if (/building the probe agent.*\n(?!.*go)/.test(stderr) && status === 0) return; // Go lies in a system folder here
    expect(stderr).toMatch(/`go` is not on the PATH: install Go/);
    expect(status).toBe(3);
  });
});

describe("the published package", () => {
  it("runs without sources or dependencies", () => {
    expect(netproof(published, ["--version"])).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: "" });
  });

  const unprivileged = process.getuid?.() === 0 ? labReason : " (skipped: needs root to become somebody else)";
  it.skipIf(unprivileged)(`proves in the lab for a user without any privilege${unprivileged ?? ""}`, () => {
    const prefix = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
    const manifests = readFileSync(join(ROOT, "scenarios/three-tier/policies.yaml"), "utf8");
    const [command = "", ...args] = [...prefix, process.execPath, join(published, "bin/netproof.mjs")];
    const ended = spawnSync(command, [...args, "prove", "-f", "-", "--lab"], {
      encoding: "utf8",
      input: manifests,
      cwd: "/",
      env: { PATH: process.env.PATH, HOME: "/nonexistent" },
    });
    expect(ended.stdout, ended.stderr).toMatch(/^PROVEN: 4 policies/);
    expect(ended.status).toBe(0);
  });
});

describe("in a chroot", () => {
  const reason = process.getuid?.() === 0 ? labReason : " (skipped: needs root for a chroot)";
  it.skipIf(reason)(`the lab keeps to its own files${reason ?? ""}`, () => {
    const before = readdirSync("/run");
    const root = join(folder, "root");
    mkdirSync(root);
    const command = `mount --rbind / ${root} && exec chroot ${root} ${process.execPath} ${join(ROOT, "bin/netproof.mjs")} prove -f - --lab`;
    const ended = spawnSync("unshare", ["--mount", "--propagation", "private", "sh", "-c", command], {
      encoding: "utf8",
      input: readFileSync(join(ROOT, "scenarios/three-tier/policies.yaml"), "utf8"),
    });
    expect(ended.stdout, ended.stderr).toMatch(/^PROVEN: 4 policies/);
    expect(readdirSync("/run")).toEqual(before);
  });
});

function netproof(root: string, args: readonly string[], env: Record<string, string> = {}) {
  return spawnSync(process.execPath, [join(root, "bin/netproof.mjs"), ...args], {
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
}

import { setMaxListeners } from "node:events";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type LabSpec, startLab } from "../src/lab/index.ts";
import { startFlakyProxy } from "./testing/flaky-proxy.ts";
import { labReason } from "./testing/lab.ts";
import { type Ended, netproof, ROOT, temporaryFolder, writeFiles } from "./testing/netproof.ts";

const folder = temporaryFolder();
const SHOP = join(ROOT, "scenarios/three-tier");
const agentPath = join(ROOT, "dist/agent", `netproof-probe-linux-${process.arch === "arm64" ? "arm64" : "amd64"}`);

describe.skipIf(labReason)(`an API server that spoils one call in twenty${labReason ?? ""}`, () => {
  it.each([1, 2, 3].map((seed) => ({ seed })))("does not change the verdict: seed $seed", async ({ seed }) => {
    const { code, stdout, stderr } = await proveThrough({ seed }, []);
    expect(stdout, stderr).toMatch(/^PROVEN: 4 policies/);
    expect(stderr).not.toContain("Could not remove");
    expect(code).toBe(0);
  });

  it.each([6].map((seed) => ({ seed })))(
    "does not hide a cluster that enforces nothing: seed $seed",
    async ({ seed }) => {
      const { code, stdout, stderr } = await proveThrough({ seed }, ["nothing-enforced"]);
      expect(stdout, stderr).toMatch(/^NOT ENFORCED/);
      expect(code).toBe(4);
    },
  );
});

async function proveThrough({ seed }: { seed: number }, faults: LabSpec["faults"]): Promise<Ended> {
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  await using lab = await startLab({ nodes: 2, faults, denial: "drop", agentPath }, signal);
  await using proxy = await startFlakyProxy(lab.kubeconfig, { seed });
  const name = `seed-${seed}.json`;
  writeFiles(folder, { [name]: proxy.kubeconfig });
  const ended = await netproof(["prove", "-f", SHOP, "--kubeconfig", join(folder, name)]);
  return ended;
}

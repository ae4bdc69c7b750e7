import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { openNetwork } from "./index.ts";
import { isRoot, obstacle } from "./testing/users.ts";

const why = await obstacle();

/** Everything that a lab could change on the machine if it were made badly. */
function hostState() {
  const run = (command: string, ...args: readonly string[]) => execFileSync(command, args, { encoding: "utf8" });
  const settings = ["net/ipv4/ip_forward", "net/ipv4/conf/all/rp_filter", "net/ipv4/ip_unprivileged_port_start"];
  return {
    links: run("ip", "-o", "link"),
    addresses: run("ip", "-o", "address"),
    routes: run("ip", "route", "show", "table", "all") + run("ip", "-6", "route", "show", "table", "all"),
    policies: run("ip", "rule"),
    rules: isRoot ? run("nft", "list", "ruleset") : "",
    netns: existsSync("/run/netns") ? readdirSync("/run/netns") : [],
    mounts: readFileSync("/proc/mounts", "utf8"),
    settings: settings.map((name) => readFileSync(`/proc/sys/${name}`, "utf8")),
  };
}

test("nothing of the host changes while a lab lives, nor after it", { retry: 2 }, async ({ skip }) => {
  // Retried, because others may use this machine's network at the same time.
  if (why !== "") skip(why);
  const before = hostState();
  {
    await using network = await openNetwork({ nodes: 2, agentPath: "/bin/true" }, AbortSignal.timeout(20_000));
    await network.addPods([{ id: "pod", node: "node1", addresses: ["10.244.1.2", "fd00:10:244:1::2"] }]);
    await network.addOutside("world", ["203.0.113.10"]);
    await network.applyRules("node1", "table inet some {}");
    expect((await network.run("pod", ["true"], {}).exited).code).toBe(0);
    expect(hostState()).toEqual(before);
  }
  expect(hostState()).toEqual(before);
});

test("a lab that is not wanted any more while it opens is not opened", async ({ skip }) => {
  if (why !== "") skip(why);
  const reason = new Error("changed my mind");
  const opening = (signal: AbortSignal) => openNetwork({ nodes: 2, agentPath: "/bin/true" }, signal);
  await expect(opening(AbortSignal.abort(reason))).rejects.toBe(reason);
  for (const patience of [5, 20, 50]) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), patience);
    const opened = await opening(controller.signal).then(
      async (network) => network[Symbol.asyncDispose](),
      (error) => error,
    );
    expect([undefined, reason]).toContain(opened);
  }
});

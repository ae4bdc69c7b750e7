import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { nodeName } from "./addressing.ts";
import { insidePath, type Netns, runTool } from "./enter.ts";
import type { Holder } from "./holder.ts";
import { HOSTS_SCRIPT, NETNS_FOLDER, REMOVAL_SCRIPT, ROUTER_SCRIPT } from "./scripts.ts";
import { fabricLines, hostLines, type Link, nodeLines, nodeLink, routerLines } from "./wiring.ts";

/** A pod or an outside host: its namespace, and the router that its link leads to. */
export interface Place {
  readonly link: Link;
  readonly router: Netns;
}

/** Nodes and the router between them. */
export async function makeNodes(holder: Holder, numbers: readonly number[]): Promise<void> {
  await batch(
    holder,
    undefined,
    numbers.map((node) => `netns add ${nodeName(node)}`),
  );
  await runTool(holder, undefined, [
    "sh",
    "-c",
    ROUTER_SCRIPT,
    "router",
    holder.tools.nsenter,
    ...numbers.map(nodeName),
  ]);
  const families = { hasIpv6: existsSync("/proc/sys/net/ipv6") };
  const links = numbers.map((node) => nodeLink(node, families));
  await batch(holder, undefined, [...fabricLines(families), ...links.flatMap(routerLines)]);
  await Promise.all(links.map((link) => batch(holder, link.netns, nodeLines(link))));
}

/** Three steps, each for all of them: namespaces, then links at their routers, then the far ends. */
export async function wire(holder: Holder, places: readonly Place[]): Promise<void> {
  if (places.length === 0) return;
  await batch(
    holder,
    undefined,
    places.map(({ link }) => `netns add ${link.netns}`),
  );
  const routers = [...new Set(places.map(({ router }) => router))];
  await Promise.all(
    routers.map((router) =>
      batch(
        holder,
        router,
        places.filter((place) => place.router === router).flatMap(({ link }) => routerLines(link)),
      ),
    ),
  );
  const hosts = places.map(({ link }) => `${link.netns} ${hostLines(link).join(";")}\n`).join("");
  const { nsenter, ip } = holder.tools;
  const failed = await runTool(holder, undefined, ["sh", "-c", HOSTS_SCRIPT, "hosts", nsenter, ip], hosts);
  if (failed !== "") throw new Error(`Cannot set up the interfaces of ${failed.trim().split("\n").join(", ")}`);
}

/** The links go with the namespaces, in the kernel's own time. */
export async function unwire(holder: Holder, netnses: readonly string[]): Promise<void> {
  const lines = netnses.map((netns) => `netns delete ${netns}\n`).join("");
  const pids = processesIn(holder, netnses).map(String);
  await runTool(holder, undefined, ["sh", "-c", REMOVAL_SCRIPT, "removal", holder.tools.ip, ...pids], lines);
}

/** Also those that a pod's process left behind. Their ids are those of the lab's own PID namespace. */
function processesIn(holder: Holder, netnses: readonly string[]): readonly number[] {
  const wanted = new Set(netnses.map((netns) => inode(insidePath(holder, join(NETNS_FOLDER, netns)))));
  const proc = insidePath(holder, "/proc");
  const pids = readdirSync(proc).filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => wanted.has(inode(join(proc, pid, "ns/net")) ?? -1)).map(Number);
}

function inode(path: string): number | undefined {
  try {
    return statSync(path).ino;
  } catch {
    return undefined;
  }
}

/** Runs lines of `ip`, all in one process. */
export async function batch(holder: Holder, netns: Netns, lines: readonly string[]): Promise<void> {
  await runTool(holder, netns, [holder.tools.ip, "-batch", "-"], lines.map((line) => `${line}\n`).join(""));
}

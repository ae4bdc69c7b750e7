import { accessSync, constants, realpathSync } from "node:fs";
import { platform } from "node:os";
import { basename, delimiter, join } from "node:path";
import { UserError } from "../../errors/index.ts";

/** Where the programs lie that the lab is made of. */
export interface Tools {
  readonly ip: string;
  readonly mount: string;
  readonly nft: string;
  readonly nsenter: string;
  readonly setpriv: string;
  readonly unshare: string;
}

/** The administrator's folders are searched as well: an ordinary user's PATH often lacks them. */
const FOLDERS = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

const UTIL_LINUX = { debian: "util-linux", fedora: "util-linux", alpine: "util-linux" };
const PACKAGES = {
  ip: { debian: "iproute2", fedora: "iproute", alpine: "iproute2" },
  mount: { debian: "mount", fedora: "util-linux", alpine: "util-linux" },
  nft: { debian: "nftables", fedora: "nftables", alpine: "nftables" },
  nsenter: UTIL_LINUX,
  setpriv: UTIL_LINUX,
  unshare: UTIL_LINUX,
} satisfies Record<keyof Tools, Readonly<Record<"debian" | "fedora" | "alpine", string>>>;

export function requireLinux(system: string = platform()): void {
  if (system === "linux") return;
  throw new UserError("LAB_NEEDS_LINUX", `Cannot start the lab: it needs a Linux kernel, and this is "${system}"`, {
    hint: "Run it on a Linux machine or in a virtual machine, or use a real cluster, such as one made by kind, with --kubeconfig",
  });
}

function isComplete(found: Partial<Tools>): found is Tools {
  return Object.keys(PACKAGES).every((name) => name in found);
}

/** @param path more folders to search first, separated as in PATH */
export function findTools(path = "", folders: readonly string[] = FOLDERS): Tools {
  const search = [...path.split(delimiter).filter((folder) => folder.startsWith("/")), ...folders];
  const names = Object.keys(PACKAGES) as (keyof Tools)[];
  const found: Partial<Record<keyof Tools, string>> = {};
  for (const name of names) {
    const path = findTool(name, search);
    if (path !== undefined) found[name] = path;
  }
  if (isComplete(found)) return found;
  const missing = names.filter((name) => found[name] === undefined);
  const list = missing.map((name) => `"${name}"`).join(", ");
  const install = (command: string, system: "debian" | "fedora" | "alpine") =>
    `${command} ${[...new Set(missing.map((name) => PACKAGES[name][system]))].join(" ")}`;
  throw new UserError(
    "LAB_TOOLS_MISSING",
    `Cannot start the lab: ${list} not found in ${[...new Set(search)].join(", ")}`,
    {
      hint: `Install it: ${install("apt-get install", "debian")} (Debian, Ubuntu), ${install("dnf install", "fedora")} (Fedora), ${install("apk add", "alpine")} (Alpine)`,
    },
  );
}

/** BusyBox has small namesakes of these programs, without the options that the lab needs. */
function findTool(name: string, folders: readonly string[]): string | undefined {
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return basename(realpathSync(path)) !== "busybox";
      } catch {
        return false;
      }
    });
}

// What demo and tests need of the machine: `go` for the agent, `ip` and `nft` and util-linux for the lab. As root, on a
// system whose package manager is known, what is missing is installed, and the command shown; otherwise the command to
// run is printed and the exit code is 3. The netproof command itself never comes here.
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const PATH = [
  ...(process.env.PATH ?? "").split(delimiter),
  "/usr/local/go/bin",
  "/usr/local/sbin",
  "/usr/sbin",
  "/sbin",
];

/** By tool: the package that has it, in the words of each package manager. */
const TOOLS = {
  go: { apt: "golang-go", dnf: "golang", apk: "go", pacman: "go", zypper: "go" },
  ip: { apt: "iproute2", dnf: "iproute", apk: "iproute2", pacman: "iproute2", zypper: "iproute2" },
  nft: { apt: "nftables", dnf: "nftables", apk: "nftables", pacman: "nftables", zypper: "nftables" },
  unshare: { apt: "util-linux", dnf: "util-linux", apk: "util-linux-misc", pacman: "util-linux", zypper: "util-linux" },
  nsenter: { apt: "util-linux", dnf: "util-linux", apk: "util-linux-misc", pacman: "util-linux", zypper: "util-linux" },
  setpriv: { apt: "util-linux", dnf: "util-linux", apk: "setpriv", pacman: "util-linux", zypper: "util-linux" },
};

const MANAGERS = {
  apt: { command: "apt-get", refresh: ["update", "-q"], install: ["install", "-qy", "--no-install-recommends"] },
  dnf: { command: "dnf", install: ["install", "-y"] },
  apk: { command: "apk", install: ["add"] },
  pacman: { command: "pacman", install: ["-S", "--noconfirm", "--needed"] },
  zypper: { command: "zypper", install: ["--non-interactive", "install"] },
};

/** Makes sure of the tools, or ends the program with exit code 3. */
export function setUp() {
  if (process.platform !== "linux") {
    stop("The lab needs Linux: use a Linux machine or VM, or a real cluster (kind, for instance)");
  }
  process.env.PATH = [...new Set(PATH)].join(delimiter);
  const missing = missingTools();
  if (missing.length === 0) return;
  const [name, manager] = Object.entries(MANAGERS).find(([, { command }]) => has(command)) ?? [];
  if (manager === undefined)
    stop(`Missing: ${missing.join(", ")}. Install them with this system's package manager and try again`);
  const packages = [...new Set(missing.map((tool) => TOOLS[tool][name]))];
  const command = [manager.command, ...manager.install, ...packages];
  const shown = command.join(" ");
  if (process.getuid?.() !== 0) stop(`Missing: ${missing.join(", ")}. Run this as root and try again:\n  ${shown}`);
  console.error(`Missing: ${missing.join(", ")}; installing: ${shown}`);
  if (!run(command) && !(manager.refresh && run([manager.command, ...manager.refresh]) && run(command))) {
    stop(`That did not work; install ${packages.join(", ")} by hand and try again`);
  }
  const still = missingTools();
  if (still.length > 0) stop(`Still missing after the installation: ${still.join(", ")}`);
}

function missingTools() {
  return Object.keys(TOOLS).filter((tool) => !has(tool));
}

function has(tool) {
  return PATH.some((folder) => {
    try {
      accessSync(join(folder, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function run([command, ...args]) {
  const { status } = spawnSync(command, args, {
    stdio: ["ignore", 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  return status === 0;
}

function stop(message) {
  console.error(message);
  process.exit(3);
}

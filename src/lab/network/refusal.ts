import { readFileSync } from "node:fs";
import { printable, UserError } from "../../errors/index.ts";

/** Reads a kernel setting by its name with dots; undefined where this kernel does not have it. */
export type ReadSetting = (name: string) => string | undefined;

/** Settings that keep an unprivileged user from making namespaces: the value that does, and how to change it. */
const SETTINGS = [
  {
    name: "kernel.unprivileged_userns_clone",
    forbids: (value: string) => value === "0",
    remedy: "sysctl -w kernel.unprivileged_userns_clone=1",
  },
  {
    name: "kernel.apparmor_restrict_unprivileged_userns",
    forbids: (value: string) => value !== "0",
    remedy: "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or give node an AppArmor profile with userns",
  },
  {
    name: "user.max_user_namespaces",
    forbids: (value: string) => value === "0",
    remedy: "sysctl -w user.max_user_namespaces=10000",
  },
  {
    name: "user.max_net_namespaces",
    forbids: (value: string) => value === "0",
    remedy: "sysctl -w user.max_net_namespaces=10000",
  },
] as const;

const ELSEWHERE = "run netproof as root, on another Linux machine, or against a real cluster with --kubeconfig";

/** Says why the kernel would not give us namespaces. @param complaints what each attempt wrote to stderr */
export function refusal(complaints: readonly string[], read: ReadSetting = readSetting): UserError {
  const found = complaints
    .map((complaint) => printable(complaint.trim().replaceAll(/\s*\n\s*/g, "; "), 500))
    .join("; then ");
  const last = complaints.at(-1) ?? "";
  if (/nft|netlink/i.test(last)) {
    return new UserError("LAB_NO_NFTABLES", `Cannot start the lab: this kernel has no nftables: ${found}`, {
      hint: "Load the module as root: modprobe nf_tables",
    });
  }
  if (/No such file|Permission denied/.test(last) && /cannot open/i.test(last)) {
    return new UserError("LAB_NO_AGENT", `Cannot start the lab: the probe agent cannot be read: ${found}`, {
      hint: "Build it with `npm run build`, in a place that this user may read",
    });
  }
  const settings = SETTINGS.flatMap(({ name, forbids, remedy }) => {
    const value = read(name);
    return value !== undefined && forbids(value) ? [`${name} is ${value} (${remedy})`] : [];
  });
  const hint =
    settings.length > 0
      ? `As root change what forbids it: ${settings.join("; ")}; or ${ELSEWHERE}`
      : `No kernel setting forbids it, so a container's seccomp profile may: allow it there, or ${ELSEWHERE}`;
  return new UserError(
    "LAB_NOT_PERMITTED",
    `Cannot start the lab: the kernel refuses to make its namespaces: ${found}`,
    {
      hint,
    },
  );
}

function readSetting(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name.replaceAll(".", "/")}`, "utf8").trim();
  } catch {
    return undefined;
  }
}

import { spawnSync } from "node:child_process";

/** Why this machine cannot have a lab, for the title of what is then skipped; undefined if it can. */
export const labReason = findReason();

function findReason(): string | undefined {
  if (process.platform !== "linux") return " (skipped: not Linux)";
  const own = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
  const { status, stderr, error } = spawnSync("unshare", [...own, "--net", "--mount", "ip", "link"], {
    encoding: "utf8",
  });
  if (status === 0) return undefined;
  return ` (skipped: no namespaces here: ${error?.message ?? stderr.trim()})`;
}

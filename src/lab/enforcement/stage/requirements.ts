import { execFileSync } from "node:child_process";
import { log } from "node:console";

/** Why this machine cannot show what the kernel does with rules; undefined if it can. Prints the reason once. */
export function missingForStage(): string | undefined {
  const reason = findMissing();
  if (reason !== undefined) log(`skipped: tests of the enforcement against the kernel: ${reason}`);
  return reason;
}

function findMissing(): string | undefined {
  if (process.platform !== "linux") return "the lab needs Linux";
  const asRoot = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
  try {
    execFileSync("unshare", [...asRoot, "--mount", "--net", "--pid", "--fork", "nft", "list", "tables"], {
      stdio: "pipe",
      env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
    });
    return undefined;
  } catch (error) {
    return String(error instanceof Error ? error.message : error).trim();
  }
}

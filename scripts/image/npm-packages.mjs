// Packages of the npm registry that this system's npm uses.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { BuildProblem } from "../build.mjs";

/** Puts a package into a folder. Returns the path of the archive. */
export function downloadNpm({ name, version }, folder) {
  const text = npm(["pack", `${name}@${version}`, "--json", "--ignore-scripts"], folder);
  return join(folder, JSON.parse(text)[0].filename);
}

/** The newest version in which all packages are there, of the same major version as `version`. */
export function newestCommon(names, version) {
  const sets = names.map((name) => new Set(JSON.parse(npm(["view", name, "versions", "--json"]))));
  const [major] = version.split(".");
  const common = [...sets[0]].filter((candidate) => sets.every((set) => set.has(candidate)));
  const release = new RegExp(`^${major}\\.\\d+\\.\\d+$`);
  return common
    .filter((candidate) => release.test(candidate))
    .sort(byNumbers)
    .at(-1);
}

/** As in package-lock.json: `sha512-…`. */
export function integrityOf({ name, version }) {
  return JSON.parse(npm(["view", `${name}@${version}`, "dist.integrity", "--json"]));
}

export function unpackNpm(file, folder) {
  execFileSync("tar", ["-xzf", file, "-C", folder, "--strip-components=1", "--exclude=package/include"]);
}

function byNumbers(a, b) {
  return a.localeCompare(b, "en", { numeric: true });
}

function npm(args, cwd) {
  try {
    return execFileSync("npm", [...args, "--fetch-retries=1"], {
      cwd,
      encoding: "utf8",
      maxBuffer: 16 << 20,
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    const said = String(error.stderr ?? error.message)
      .trim()
      .split("\n", 4);
    const reason = error.code === "ENOENT" ? "`npm` is not on the PATH" : said.join("\n");
    throw new BuildProblem(
      `\`npm ${args.slice(0, 2).join(" ")}\` did not work: ${reason}\n  check the registry (\`npm config get registry\`) and the way to it, and try again`,
    );
  }
}

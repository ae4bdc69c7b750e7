// Builds what runs: the program (dist/main.mjs and its chunks) and the probe agent (dist/agent/). Each is built only when
// missing or older than a source, into a temporary place, and moved into its own by rename, so that a program that
// runs meanwhile keeps what it has.
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const root = resolve(fileURLToPath(import.meta.url), "../..");
const dist = join(root, "dist");
const HOUR_MS = 3_600_000;

/** In Go's words. */
export const ARCHITECTURES = ["amd64", "arm64"];

/** A reason why something cannot be built, and what to do about it. */
export class BuildProblem extends Error {}

/** Builds the program if it is missing or older than a source. Returns the path of its entry. */
export async function buildProgram(say) {
  const entry = join(dist, "main.mjs");
  if (isFresh(entry, ["src", "package.json", "scripts/build.mjs"])) return entry;
  await loadEsbuild();
  await underLock(async () => {
    if (isFresh(entry, ["src", "package.json", "scripts/build.mjs"])) return;
    say("building netproof");
    const began = Date.now() / 1000;
    const staging = mkdtempSync(join(dist, ".building-"));
    try {
      await bundleProgram(staging, { hasSourceMaps: true });
      moveInto(staging, dist, began);
    } finally {
      rmSync(staging, { recursive: true, force: true });
    }
  });
  return entry;
}

/** The program as main.mjs and its chunks, in a folder that is there. */
export async function bundleProgram(folder, { hasSourceMaps }) {
  const { build } = await loadEsbuild();
  await build({
    absWorkingDir: root,
    entryPoints: { main: "src/cli/index.ts" },
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    chunkNames: "chunks/[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    // Packages that have both forms: the ES module, whose names an import() can see.
    mainFields: ["module", "main"],
    target: "node20.19",
    sourcemap: hasSourceMaps && "linked",
    define: { NETPROOF_VERSION: JSON.stringify(version()) },
    // Packages in CommonJS call require() for Node's own modules.
    banner: {
      js: 'import { createRequire as netproofRequire } from "node:module"; const require = netproofRequire(import.meta.url);',
    },
    plugins: [kubeconfigOnly],
    logLevel: "error",
  });
}

/** The bundler, if the dependencies are installed. */
export function loadEsbuild() {
  return import("esbuild").catch(() => {
    throw new BuildProblem("netproof is not built, and its dependencies are not installed: run `npm ci` in its folder");
  });
}

/** Builds the agent for an architecture in Go's words (amd64, arm64) if needed. Returns its path. */
export async function buildAgent(arch, say) {
  const binary = join(dist, "agent", `netproof-probe-linux-${arch}`);
  const sources = ["probe-image"];
  if (isFresh(binary, sources)) return binary;
  await underLock(async () => {
    if (isFresh(binary, sources)) return;
    say(`building the probe agent for ${arch}`);
    mkdirSync(join(dist, "agent"), { recursive: true });
    const staging = `${binary}.${process.pid}`;
    const began = Date.now() / 1000;
    try {
      execFileSync("go", ["build", "-trimpath", "-ldflags", `-s -w -X main.version=${version()}`, "-o", staging, "."], {
        cwd: join(root, "probe-image"),
        env: {
          ...process.env,
          CGO_ENABLED: "0",
          GOOS: "linux",
          GOARCH: arch,
          GOWORK: "off",
          GOFLAGS: "-buildvcs=false",
        },
        stdio: ["ignore", "inherit", "pipe"],
      });
    } catch (error) {
      rmSync(staging, { force: true });
      if (error.code === "ENOENT") {
        throw new BuildProblem(
          "The probe agent is not built, and `go` is not on the PATH: install Go 1.19 or newer (Debian: `apt-get install golang-go`)",
        );
      }
      throw new BuildProblem(`The probe agent does not build: ${String(error.stderr ?? error.message).trim()}`);
    }
    backdate(staging, began);
    renameSync(staging, binary);
  });
  return binary;
}

/**
 * Of the Kubernetes client only what reads kubeconfigs and authenticates is wanted. The typed API that hangs on it, and a
 * fetch of its own, are a megabyte that would be parsed at each start.
 */
const kubeconfigOnly = {
  name: "kubeconfig-only",
  setup(build) {
    const typedApi = "export const createConfiguration = undefined, ServerConfiguration = undefined;";
    const nativeFetch =
      "export const { Headers, Request, Response, FormData } = globalThis; export default globalThis.fetch;";
    const contents = new Map([
      ["./gen/index.js", typedApi],
      ["node-fetch", nativeFetch],
    ]);
    build.onResolve({ filter: /^(\.\/gen\/index\.js|node-fetch)$/ }, ({ path, importer }) =>
      importer.includes("@kubernetes/client-node") ? { path, namespace: "kubeconfig-only" } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: "kubeconfig-only" }, ({ path }) => ({
      contents: contents.get(path),
      loader: "js",
    }));
  },
};

export function version() {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version;
}

/** Newer than every source; `target` carries the time at which its build began. */
function isFresh(target, sources) {
  const built = statSync(target, { throwIfNoEntry: false })?.mtimeMs;
  return built !== undefined && sources.every((source) => newest(join(root, source)) < built);
}

function newest(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  // A folder's own time tells of files that were removed.
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), stat.mtimeMs);
}

function moveInto(staging, target, began) {
  mkdirSync(join(target, "chunks"), { recursive: true });
  const files = readdirSync(staging, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const names = files.map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(staging.length + 1));
  for (const name of names.filter((name) => name !== "main.mjs")) renameSync(join(staging, name), join(target, name));
  backdate(join(staging, "main.mjs"), began);
  renameSync(join(staging, "main.mjs"), join(target, "main.mjs"));
  // Chunks of earlier builds may still be wanted by a program that runs.
  for (const name of readdirSync(join(target, "chunks"))) {
    const path = join(target, "chunks", name);
    if (!names.includes(join("chunks", name)) && Date.now() - statSync(path).mtimeMs > HOUR_MS) rmSync(path);
  }
}

function backdate(path, seconds) {
  utimesSync(path, seconds, seconds);
}

async function underLock(work) {
  mkdirSync(dist, { recursive: true });
  const lock = join(dist, ".lock");
  while (!take(lock)) await delay(50);
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function take(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    const owner = existsSync(lock) ? Number(readFileSync(lock, "utf8")) : 0;
    if (owner > 0 && !isAlive(owner)) rmSync(lock, { force: true });
    return false;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const say = (line) => console.error(line);
  try {
    await buildProgram(say);
    for (const arch of ARCHITECTURES) await buildAgent(arch, say);
  } catch (error) {
    if (!(error instanceof BuildProblem)) throw error;
    console.error(error.message);
    process.exitCode = 3;
  }
}

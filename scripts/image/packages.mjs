// The packages whose files go into images, as pinned in packages.json by version and checksum. What has been downloaded
// is kept in the user's cache folder, and checked each time before it is used.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { BuildProblem } from "../build.mjs";
import { openApt, unpackDebian } from "./debian-packages.mjs";
import { downloadNpm, unpackNpm } from "./npm-packages.mjs";

export const PINS = join(import.meta.dirname, "packages.json");

const HOUR_MS = 3_600_000;
const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "netproof", "packages");

/** Gets all packages, those that are missing by way of npm and apt. Throws a BuildProblem with what to do. */
export function openPackages(say) {
  const { npm, debian } = JSON.parse(readFileSync(PINS, "utf8"));
  const wantedNpm = Object.entries(npm).map(([name, pin]) => ({ name, ...pin, file: `${name}-${pin.version}.tgz` }));
  const wantedDebian = Object.entries(debian).flatMap(([architecture, pins]) =>
    Object.entries(pins).map(([name, pin]) => ({ architecture, name, ...pin, file: debName(name, pin, architecture) })),
  );
  mkdirSync(CACHE, { recursive: true });
  inWorkFolder((work) => {
    for (const pin of wantedNpm.filter((pin) => !isCached(pin))) {
      say(`downloading ${pin.name} ${pin.version}`);
      keep(pin, downloadNpm(pin, work));
    }
    for (const architecture of Object.keys(debian)) {
      const missing = wantedDebian.filter((pin) => pin.architecture === architecture && !isCached(pin));
      if (missing.length > 0) downloadDebian(architecture, missing, { work, say });
    }
  });
  removeForgotten();
  const unpacked = mkdtempSync(join(CACHE, ".unpacked-"));
  const folder = (pin, unpack) => {
    const target = join(unpacked, pin.file);
    if (!existsSync(target)) {
      mkdirSync(target);
      unpack(join(CACHE, pin.file), target);
    }
    return target;
  };
  return {
    npm: (name) => folder(find(wantedNpm, { name }), unpackNpm),
    debian: (name, architecture) => folder(find(wantedDebian, { name, architecture }), unpackDebian),
    close: () => rmSync(unpacked, { recursive: true, force: true }),
  };
}

/** Runs `work` with a folder beside the cache, so that files can be moved over, and removes it. */
export function inWorkFolder(work) {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, ".work-"));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What runs have left that were killed. */
function removeForgotten() {
  for (const name of readdirSync(CACHE).filter((name) => /^\.(work|unpacked)-/.test(name))) {
    const path = join(CACHE, name);
    const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (Date.now() - changed > HOUR_MS) rmSync(path, { recursive: true, force: true });
  }
}

function downloadDebian(architecture, pins, { work, say }) {
  say(`downloading for ${architecture}: ${pins.map(({ name, version }) => `${name} ${version}`).join(", ")}`);
  const lists = join(work, `apt-${architecture}`);
  const target = join(work, `debs-${architecture}`);
  mkdirSync(lists);
  mkdirSync(target);
  openApt(architecture, lists).download(pins, target);
  for (const pin of pins) {
    const names = [architecture, "all"].map((suffix) => join(target, debName(pin.name, pin, suffix)));
    keep(pin, names.find((name) => existsSync(name)) ?? names[0]);
  }
}

/** apt writes the colon of an epoch as %3a. */
function debName(name, { version }, architecture) {
  return `${name}_${version.replaceAll(":", "%3a")}_${architecture}.deb`;
}

function find(pins, { name, architecture }) {
  const pin = pins.find((pin) => pin.name === name && pin.architecture === architecture);
  if (pin === undefined)
    throw new BuildProblem(`"${name}" is not pinned: add it to ${PINS} and run \`npm run image:pin\``);
  return pin;
}

function isCached(pin) {
  const path = join(CACHE, pin.file);
  return existsSync(path) && isIntact(pin, path);
}

function keep(pin, path) {
  if (!isIntact(pin, path)) {
    throw new BuildProblem(
      `${pin.name} ${pin.version} is not what was pinned: its checksum differs\n  do not use it; if the registry or mirror is right, \`npm run image:pin\` pins what it has`,
    );
  }
  renameSync(path, join(CACHE, pin.file));
}

function isIntact({ integrity, sha256 }, path) {
  const bytes = readFileSync(path);
  if (sha256 !== undefined) return createHash("sha256").update(bytes).digest("hex") === sha256;
  return `sha512-${createHash("sha512").update(bytes).digest("base64")}` === integrity;
}

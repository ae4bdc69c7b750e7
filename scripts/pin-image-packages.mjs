// Pins the packages of the controller's image at the newest versions that npm and apt have here: Node.js within its
// major version, Debian's within the release of this system's package sources.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BuildProblem } from "./build.mjs";
import { openApt } from "./image/debian-packages.mjs";
import { integrityOf, newestCommon } from "./image/npm-packages.mjs";
import { inWorkFolder, PINS } from "./image/packages.mjs";

try {
  const pins = JSON.parse(readFileSync(PINS, "utf8"));
  const newer = { npm: pinNpm(pins.npm), debian: inWorkFolder((work) => pinDebian(pins.debian, work)) };
  writeFileSync(PINS, `${JSON.stringify(newer, null, 2)}\n`);
} catch (error) {
  if (!(error instanceof BuildProblem)) throw error;
  console.error(error.message);
  process.exitCode = 3;
}

function pinNpm(pins) {
  const names = Object.keys(pins);
  const version = newestCommon(names, pins[names[0]].version);
  console.error(`Node.js ${version}`);
  return Object.fromEntries(names.map((name) => [name, { version, integrity: integrityOf({ name, version }) }]));
}

function pinDebian(pins, work) {
  return Object.fromEntries(
    Object.entries(pins).map(([architecture, packages]) => {
      const folder = join(work, architecture);
      mkdirSync(folder);
      const apt = openApt(architecture, folder);
      const newest = Object.keys(packages).map((name) => [name, apt.newest(name)]);
      for (const [name, { version }] of newest) console.error(`${name} ${version} (${architecture})`);
      return [architecture, Object.fromEntries(newest)];
    }),
  );
}

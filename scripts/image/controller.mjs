// The controller's image from a source checkout: the program and the agents as built now, Node.js and the libraries that
// it is linked against from pinned packages.
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BuildProblem, buildAgent, bundleProgram, root, version } from "../build.mjs";
import { loadImageRoom } from "./image-room.mjs";
import { openPackages } from "./packages.mjs";

/** Gives `work` what the image consists of: its lists, and the bytes of what they name. Throws a BuildProblem. */
export async function withController(say, work) {
  const room = await loadImageRoom();
  const agents = { amd64: await buildAgent("amd64", say), arm64: await buildAgent("arm64", say) };
  const packages = openPackages(say);
  const program = mkdtempSync(join(tmpdir(), "netproof-image-"));
  try {
    await bundleProgram(program, { hasSourceMaps: false });
    return await work({ room, bytesOf });
  } finally {
    packages.close();
    rmSync(program, { recursive: true, force: true });
  }

  function bytesOf(from, architecture) {
    switch (from.kind) {
      case "agent":
        return readFileSync(agents[from.architecture]);
      case "program":
        return contentOf(program);
      case "checkout":
        return contentOf(join(root, from.path));
      case "npm":
        return readFileSync(join(packages.npm(from.package), from.path));
      case "debian":
        return readFileSync(join(packages.debian(from.package, architecture), from.path));
      case "certificates":
        return concatenated(contentOf(join(packages.debian(from.package, architecture), from.path)));
    }
  }
}

/** Writes the image for both architectures into a file. Returns its name and digest. */
export function saveController(file, say) {
  return withController(say, async ({ room, bytesOf }) => {
    const { digest, chunks } = room.imageArchive(room.CONTROLLER, version(), bytesOf);
    say(`writing ${file}`);
    await writeFile(file, chunks).catch((cause) => {
      throw new BuildProblem(`Cannot write "${file}": ${cause.message}`);
    });
    return { name: room.imageName(room.CONTROLLER, version()), digest };
  });
}

/** Writes each layer for one architecture into a folder of its own below `folder`. */
export function stageController(folder, architecture, say) {
  return withController(say, ({ room, bytesOf }) => {
    for (const { name, filesFor } of room.CONTROLLER.layers) {
      mkdirSync(join(folder, name), { recursive: true });
      for (const { path, mode, content } of room.layerEntries(filesFor(architecture), architecture, bytesOf)) {
        const target = join(folder, name, path);
        if (content === undefined) mkdirSync(target, { recursive: true });
        else writeFileSync(target, content);
        chmodSync(target, mode);
      }
    }
  });
}

/** The content of a file; of a folder those of all files below it, by path. */
function contentOf(path) {
  if (!statSync(path).isDirectory()) return readFileSync(path);
  const files = readdirSync(path, { recursive: true }).filter((name) => statSync(join(path, name)).isFile());
  return new Map(files.map((name) => [name, readFileSync(join(path, name))]));
}

function concatenated(files) {
  return Buffer.from(
    [...files.keys()]
      .sort()
      .map((name) => `${String(files.get(name)).trim()}\n`)
      .join(""),
  );
}

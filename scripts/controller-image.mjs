// Makes the image of netproof itself without a container engine, for amd64 and arm64; or, for the Dockerfile, its layers
// for one architecture as folders.
import { parseArgs } from "node:util";
import { ARCHITECTURES, BuildProblem } from "./build.mjs";
import { saveController, stageController } from "./image/controller.mjs";

const USAGE = `Usage:
  npm run image:controller -- FILE                                  an OCI archive for amd64 and arm64
  npm run image:controller -- --stage FOLDER --architecture ARCH    each layer in a folder of its own (amd64, arm64)

Example:
  npm run image:controller -- netproof.tar && kind load image-archive netproof.tar

Downloads pinned packages with npm and apt into the user's cache folder where they are not there yet.`;

const say = (line) => console.error(line);

try {
  const command = readCommand();
  if (command.kind === "stage") await stageController(command.folder, command.architecture, say);
  else {
    const { name, digest } = await saveController(command.file, say);
    console.log(`${name} (amd64, arm64) is in ${command.file}\n${digest}`);
  }
} catch (error) {
  if (!(error instanceof BuildProblem)) throw error;
  say(error.message);
  process.exitCode = 3;
}

function readCommand() {
  try {
    const options = { stage: { type: "string" }, architecture: { type: "string" }, help: { type: "boolean" } };
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    const { stage: folder, architecture } = values;
    const [file] = positionals;
    if (folder !== undefined && ARCHITECTURES.includes(architecture) && file === undefined)
      return { kind: "stage", folder, architecture };
    if (folder === undefined && architecture === undefined && positionals.length === 1) return { kind: "save", file };
  } catch (error) {
    say(error.message);
  }
  say(USAGE);
  process.exit(2);
}

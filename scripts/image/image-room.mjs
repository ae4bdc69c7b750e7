// The room src/image/, for scripts: bundled in memory, since Node 20 does not read TypeScript.
import { join } from "node:path";
import { loadEsbuild, root } from "../build.mjs";

export async function loadImageRoom() {
  const { build } = await loadEsbuild();
  const { outputFiles } = await build({
    entryPoints: [join(root, "src/image/index.ts")],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}

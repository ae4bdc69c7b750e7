import { readFile, writeFile } from "node:fs/promises";
import { Command } from "commander";
import { UserError } from "../errors/index.ts";
import { type ImageSource, imageArchive, imageName, PROBE } from "../image/index.ts";
import type { CommandContext } from "./context.ts";
import { ProgressLine } from "./terminal.ts";

export function imageCommand(context: CommandContext): Command {
  const save = new Command("save")
    .description("write the probe image as an OCI archive, for amd64 and arm64, to load into a cluster or to push")
    .argument("<file>", "the archive, such as netproof-probe.tar")
    .addHelpText("after", EXAMPLES)
    .action((file: string) => saveImage(file, context));
  return new Command("image").description("the image of the probe pods").addCommand(save);
}

const EXAMPLES = `
The archive is the same, digest included, for the same version of netproof.

Examples:
  netproof image save netproof-probe.tar && kind load image-archive netproof-probe.tar
  skopeo copy --all oci-archive:netproof-probe.tar docker://REGISTRY/netproof-probe:VERSION

The image of netproof itself is made in a source checkout: npm run image:controller -- netproof.tar`;

async function saveImage(file: string, { agentBinary, version, streams, signal }: CommandContext): Promise<void> {
  const progress = new ProgressLine(streams.stderr);
  const agents = {
    amd64: await readFile(await agentBinary("amd64")),
    arm64: await readFile(await agentBinary("arm64")),
  };
  progress.show(`writing ${file}`);
  const { digest, chunks } = imageArchive(PROBE, version, (source) => agents[architectureOf(source)]);
  try {
    await writeFile(file, chunks, { signal });
  } catch (cause) {
    signal.throwIfAborted();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UserError("IMAGE_UNWRITABLE", `Cannot write "${file}": ${reason}`, {
      hint: "Name a file in a folder that is there and may be written to",
      cause,
      kind: "usage",
    });
  } finally {
    progress.end();
  }
  streams.stdout.write(`${imageName(PROBE, version)} (amd64, arm64) is in ${file}\n${digest}\n`);
}

function architectureOf(source: ImageSource): "amd64" | "arm64" {
  if (source.kind !== "agent") throw new TypeError(`The probe image holds nothing but the agent, not: ${source.kind}`);
  return source.architecture;
}

import { readFile, writeFile } from "node:fs/promises";
import { Command } from "commander";
import { UserError } from "../errors/index.ts";
import { probeImage, probeImageName } from "../image/index.ts";
import type { CommandContext } from "./context.ts";

export function imageCommand(context: CommandContext): Command {
  const save = new Command("save")
    .description("write the probe image as an OCI archive, for amd64 and arm64, to load into a cluster or to push")
    .argument("<file>", "the archive, such as netproof-probe.tar")
    .addHelpText(
      "after",
      "\nExample:\n  netproof image save netproof-probe.tar && kind load image-archive netproof-probe.tar",
    )
    .action((file: string) => saveImage(file, context));
  return new Command("image").description("the image of the probe pods").addCommand(save);
}

async function saveImage(file: string, { agentBinary, version, streams }: CommandContext): Promise<void> {
  const [amd64, arm64] = [await agentBinary("amd64"), await agentBinary("arm64")];
  const archive = probeImage(version, { amd64: await readFile(amd64), arm64: await readFile(arm64) });
  try {
    await writeFile(file, archive);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UserError("IMAGE_UNWRITABLE", `Cannot write "${file}": ${reason}`, { cause, kind: "usage" });
  }
  streams.stdout.write(`${probeImageName(version)} (amd64, arm64) is in ${file}\n`);
}

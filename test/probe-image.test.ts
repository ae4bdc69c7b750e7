import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { readElf } from "./testing/elf.ts";
import { execute, netproof, ROOT, temporaryFolder } from "./testing/netproof.ts";
import { chrootReason, inChroot, type UnpackedImage, unpackOciArchive } from "./testing/oci.ts";

const HOST = process.arch === "arm64" ? "arm64" : "amd64";
const folder = temporaryFolder();
const archive = join(folder, "probe.tar");
const version: string = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).version;
let stdout = "";
let digest = "";
let images: readonly UnpackedImage[] = [];

beforeAll(async () => {
  const ended = await netproof(["image", "save", archive]);
  stdout = ended.stdout;
  ({ digest, images } = unpackOciArchive(archive, folder));
});

it("the probe image is saved for both architectures, and its name and digest are told", () => {
  expect(stdout).toBe(`localhost/netproof-probe:${version} (amd64, arm64) is in ${archive}\n${digest}\n`);
  expect(images.map(({ architecture }) => architecture)).toEqual(["amd64", "arm64"]);
});

it("the probe image is the same, byte by byte, when it is saved again", async () => {
  const again = join(folder, "again.tar");
  await netproof(["image", "save", again]);
  expect(readFileSync(again).equals(readFileSync(archive))).toBe(true);
});

it("the probe image holds an agent that needs no library", () => {
  for (const { architecture, root } of images) {
    const elf = readElf(readFileSync(join(root, "netproof-probe")));
    expect(elf).toEqual({ machine: architecture, needed: [] });
  }
});

it.skipIf(chrootReason)(`the probe image runs in a chroot${chrootReason ?? ""}`, async () => {
  const image = images.find(({ architecture }) => architecture === HOST);
  if (image === undefined) throw new Error(`No image for ${HOST}`);
  expect(await execute(inChroot(image, ["version"]))).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
});

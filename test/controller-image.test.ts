import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
// @ts-expect-error: the build scripts are plain JavaScript.
import { BuildProblem, buildAgent } from "../scripts/build.mjs";
// @ts-expect-error: the build scripts are plain JavaScript.
import { saveController, stageController } from "../scripts/image/controller.mjs";
// @ts-expect-error: the build scripts are plain JavaScript.
import { openPackages } from "../scripts/image/packages.mjs";
import { CONTROLLER, type ImageFile } from "../src/image/index.ts";
import { startLab } from "../src/lab/index.ts";
import { readElf } from "./testing/elf.ts";
import { labReason } from "./testing/lab.ts";
import { execute, ROOT, temporaryFolder, writeFiles } from "./testing/netproof.ts";
import { chrootReason, inChroot, treeOf, type UnpackedImage, unpackOciArchive } from "./testing/oci.ts";

const HOST = process.arch === "arm64" ? "arm64" : "amd64";
const version: string = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).version;
const folder = temporaryFolder();
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const packagesReason = findReason();

describe.skipIf(packagesReason)(`the controller's image${packagesReason ?? ""}`, () => {
  let saved = { name: "", digest: "" };
  let images: readonly UnpackedImage[] = [];
  const imageFor = (wanted: string): UnpackedImage => {
    const image = images.find(({ architecture }) => architecture === wanted);
    if (image === undefined) throw new Error(`No image for ${wanted}`);
    return image;
  };

  beforeAll(async () => {
    const archive = join(folder, "netproof.tar");
    saved = await saveController(archive, say);
    const unpacked = unpackOciArchive(archive, folder);
    images = unpacked.images;
    expect(unpacked.digest).toBe(saved.digest);
    rmSync(archive);
    rmSync(join(folder, "layout"), { recursive: true });
  }, 300_000);

  it("has a name by version, and both architectures", () => {
    expect(saved.name).toBe(`localhost/netproof:${version}`);
    expect(images.map(({ architecture }) => architecture)).toEqual(["amd64", "arm64"]);
  });

  it("is the same when it is made again", async () => {
    expect(await saveController("/dev/null", say)).toEqual(saved);
  }, 120_000);

  it.each(["amd64", "arm64"] as const)("holds what the list says, for %s", (architecture) => {
    const files = CONTROLLER.layers.flatMap(({ filesFor }) => filesFor(architecture));
    const tree = treeOf(imageFor(architecture).root).filter((line) => !line.endsWith("/") || line.includes("tmp/"));
    const found = tree.map((line) => line.split(" ").slice(0, 2).join(" "));
    const isListed = (line: string): boolean => files.some((file) => isOf(file, line));
    expect(found.filter((line) => !isListed(line))).toEqual([]);
    expect(files.filter((file) => !found.some((line) => isOf(file, line)))).toEqual([]);
  });

  it.each(["amd64", "arm64"] as const)("has all libraries that Node.js is linked against, for %s", (architecture) => {
    const { root } = imageFor(architecture);
    const node = readElf(readFileSync(join(root, "usr/local/bin/node")));
    expect(node?.machine).toBe(architecture);
    const loader = node?.interpreter ?? "";
    expect(readElf(readFileSync(join(root, loader)))?.machine).toBe(architecture);
    const [triplet = ""] = readdirSync(join(root, "lib")).filter((name) => name.endsWith("-linux-gnu"));
    const names = readdirSync(join(root, "lib", triplet));
    const libraries = names.map((name) => readElf(readFileSync(join(root, "lib", triplet, name))));
    expect(new Set(libraries.map((library) => library?.machine))).toEqual(new Set([architecture]));
    const needed = [...(node?.needed ?? []), ...libraries.flatMap((library) => library?.needed ?? [])];
    expect(needed.length).toBeGreaterThan(5);
    expect(needed.filter((name) => !names.includes(name) && !loader.endsWith(`/${name}`))).toEqual([]);
  });

  it("is staged for the Dockerfile as it is in the archive", async () => {
    const staged = join(folder, "staged");
    await stageController(staged, HOST, say);
    const layers = CONTROLLER.layers.flatMap(({ name }) => treeOf(join(staged, name)));
    expect([...new Set(layers)].sort()).toEqual(treeOf(imageFor(HOST).root).sort());
    rmSync(staged, { recursive: true });
  }, 120_000);

  describe.skipIf(chrootReason)(`in a chroot${chrootReason ?? ""}`, () => {
    it("tells its version, and how to use it by default", async () => {
      const told = await execute(inChroot(imageFor(HOST), ["--version"]));
      expect(told).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
      const helped = await execute(inChroot(imageFor(HOST)));
      expect(helped).toMatchObject({ code: 0, stdout: expect.stringContaining("Usage: netproof"), stderr: "" });
    });

    it("believes the certificates of its own bundle", async () => {
      const { config, root } = imageFor(HOST);
      const count = 'console.log(require("node:tls").getCACertificates("system").length)';
      const image = { ...imageFor(HOST), config: { ...config, Entrypoint: config.Entrypoint.slice(0, 1) } };
      const { stdout } = await execute(inChroot(image, ["-e", count]));
      const bundle = readFileSync(join(root, "etc/ssl/certs/ca-certificates.crt"), "utf8");
      expect(Number(stdout)).toBe(bundle.match(/BEGIN CERTIFICATE/g)?.length);
      expect(Number(stdout)).toBeGreaterThan(100);
    });

    it.skipIf(labReason)(`proves as a pod's service account may${labReason ?? ""}`, async () => {
      const agentPath: string = await buildAgent(HOST, say);
      const { signal } = new AbortController();
      await using lab = await startLab({ nodes: 2, faults: [], denial: "drop", agentPath }, signal);
      const { clusters, users } = JSON.parse(lab.kubeconfig);
      const account = join(imageFor(HOST).root, "var/run/secrets/kubernetes.io/serviceaccount");
      mkdirSync(account, { recursive: true });
      writeFiles(account, {
        "ca.crt": Buffer.from(clusters[0].cluster["certificate-authority-data"], "base64"),
        token: users[0].user.token,
        namespace: "netproof",
      });
      const { hostname, port } = new URL(clusters[0].cluster.server);
      const service = [`KUBERNETES_SERVICE_HOST=${hostname}`, `KUBERNETES_SERVICE_PORT=${port}`];
      const { config } = imageFor(HOST);
      const image = { ...imageFor(HOST), config: { ...config, Env: [...config.Env, ...service] } };
      const stdin = readFileSync(join(ROOT, "scenarios/three-tier/policies.yaml"), "utf8");
      const { code, stdout, stderr } = await execute(inChroot(image, ["prove", "-f", "-"]), { stdin });
      expect(stdout, stderr).toMatch(/^PROVEN: 4 policies/);
      expect(code).toBe(0);
    });
  });
});

/** Why the image cannot be made here, for the title of what is then skipped. */
function findReason(): string | undefined {
  try {
    const packages = openPackages(say);
    afterAll(() => packages.close());
    return undefined;
  } catch (error) {
    if (error instanceof Error && error instanceof BuildProblem) return ` (skipped: ${error.message.split("\n")[0]})`;
    throw error;
  }
}

/** Whether a line `mode path` is that file, or one of that folder's. */
function isOf({ path, mode, from }: ImageFile, line: string): boolean {
  const [found = "", name = ""] = line.split(" ");
  if (found !== mode.toString(8)) return false;
  return name === path || (from === undefined ? name === `${path}/` : name.startsWith(`${path}/`));
}

import { createHash } from "node:crypto";
import { type TarEntry, tarArchive } from "./tar.ts";

/** An image for one architecture, of one layer. */
export interface PlatformImage {
  /** In Go's words: amd64, arm64. */
  readonly architecture: string;
  readonly files: readonly TarEntry[];
}

export interface ImageConfig {
  /** `registry/name:tag`, by which a container runtime knows it once loaded. */
  readonly name: string;
  readonly version: string;
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
}

interface Blob {
  readonly digest: string;
  readonly size: number;
  readonly bytes: Buffer;
}

const INDEX = "application/vnd.oci.image.index.v1+json";
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const CONFIG = "application/vnd.oci.image.config.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar";

/**
 * An image for several architectures as an OCI archive (a tar of an image layout), such as `ctr images import`,
 * `kind load image-archive`, `podman load` and `docker load` take. The same input gives the same bytes.
 */
export function ociArchive(config: ImageConfig, platforms: readonly PlatformImage[]): Buffer {
  const images = platforms.map((platform) => ({ platform, ...imageBlobs(config, platform) }));
  const index = json({
    schemaVersion: 2,
    mediaType: INDEX,
    manifests: images.map(({ platform, manifest }) => ({
      ...descriptor(MANIFEST, manifest),
      platform: { architecture: platform.architecture, os: "linux" },
    })),
  });
  const layout = json({
    schemaVersion: 2,
    mediaType: INDEX,
    manifests: [
      {
        ...descriptor(INDEX, index),
        annotations: {
          "io.containerd.image.name": config.name,
          "org.opencontainers.image.ref.name": config.name.slice(config.name.lastIndexOf(":") + 1),
        },
      },
    ],
  });
  const blobs = [...images.flatMap((image) => image.blobs), index];
  const unique = new Map(blobs.map((blob) => [blob.digest, blob]));
  return tarArchive([
    { path: "oci-layout", mode: 0o644, content: Buffer.from('{"imageLayoutVersion":"1.0.0"}') },
    { path: "index.json", mode: 0o644, content: layout.bytes },
    { path: "blobs", mode: 0o755 },
    { path: "blobs/sha256", mode: 0o755 },
    ...[...unique].map(([digest, { bytes }]) => ({ path: `blobs/sha256/${digest}`, mode: 0o644, content: bytes })),
  ]);
}

function imageBlobs(config: ImageConfig, { architecture, files }: PlatformImage): { manifest: Blob; blobs: Blob[] } {
  const layer = blob(tarArchive(files));
  const image = json({
    created: "1970-01-01T00:00:00Z",
    architecture,
    os: "linux",
    config: {
      User: config.user,
      Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
      Entrypoint: config.entrypoint,
      Cmd: config.command,
      WorkingDir: "/",
      Labels: { "org.opencontainers.image.version": config.version, "org.opencontainers.image.licenses": "Apache-2.0" },
    },
    rootfs: { type: "layers", diff_ids: [`sha256:${layer.digest}`] },
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: descriptor(CONFIG, image),
    layers: [descriptor(LAYER, layer)],
  });
  return { manifest, blobs: [layer, image, manifest] };
}

function json(value: unknown): Blob {
  return blob(Buffer.from(JSON.stringify(value)));
}

function blob(bytes: Buffer): Blob {
  return { bytes, size: bytes.length, digest: createHash("sha256").update(bytes).digest("hex") };
}

function descriptor(mediaType: string, { digest, size }: Blob): { mediaType: string; digest: string; size: number } {
  return { mediaType, digest: `sha256:${digest}`, size };
}

import { createHash } from "node:crypto";
import { sizeOf, type TarEntry, tarArchive } from "./tar.ts";

/** An image for one architecture; the lowest layer first. */
export interface PlatformImage {
  /** In Go's words: amd64, arm64. */
  readonly architecture: string;
  readonly layers: readonly (readonly TarEntry[])[];
}

export interface ImageConfig {
  /** `registry/name:tag`, by which a container runtime knows it once loaded. */
  readonly name: string;
  readonly version: string;
  readonly user: string;
  /** Over the PATH that every image has. */
  readonly env: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
}

export interface OciArchive {
  /** By which a registry knows the image for all architectures: `sha256:…`. */
  readonly digest: string;
  readonly chunks: readonly Uint8Array[];
}

interface Blob {
  readonly digest: string;
  readonly size: number;
  readonly chunks: readonly Uint8Array[];
}

const INDEX = "application/vnd.oci.image.index.v1+json";
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const CONFIG = "application/vnd.oci.image.config.v1+json";
/** Not compressed: compressors differ in their output from version to version, and the digest with it. */
const LAYER = "application/vnd.oci.image.layer.v1.tar";

/**
 * An image for several architectures as an OCI archive (a tar of an image layout), such as `ctr images import`,
 * `kind load image-archive`, `podman load` and `docker load` take. The same input gives the same bytes.
 */
export function ociArchive(config: ImageConfig, platforms: readonly PlatformImage[]): OciArchive {
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
  const chunks = tarArchive([
    { path: "oci-layout", mode: 0o644, content: Buffer.from('{"imageLayoutVersion":"1.0.0"}') },
    { path: "index.json", mode: 0o644, content: layout.chunks },
    { path: "blobs", mode: 0o755 },
    { path: "blobs/sha256", mode: 0o755 },
    ...[...unique].map(([digest, { chunks }]) => ({ path: `blobs/sha256/${digest}`, mode: 0o644, content: chunks })),
  ]);
  return { digest: `sha256:${index.digest}`, chunks };
}

function imageBlobs(config: ImageConfig, { architecture, layers }: PlatformImage): { manifest: Blob; blobs: Blob[] } {
  const layerBlobs = layers.map((entries) => blob(tarArchive(entries)));
  const image = json({
    created: "1970-01-01T00:00:00Z",
    architecture,
    os: "linux",
    config: {
      User: config.user,
      Env: [PATH, ...Object.entries(config.env).map(([name, value]) => `${name}=${value}`)],
      Entrypoint: config.entrypoint,
      Cmd: config.command,
      WorkingDir: "/",
      Labels: { "org.opencontainers.image.version": config.version, "org.opencontainers.image.licenses": "Apache-2.0" },
    },
    rootfs: { type: "layers", diff_ids: layerBlobs.map(({ digest }) => `sha256:${digest}`) },
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: descriptor(CONFIG, image),
    layers: layerBlobs.map((layer) => descriptor(LAYER, layer)),
  });
  return { manifest, blobs: [...layerBlobs, image, manifest] };
}

function json(value: unknown): Blob {
  return blob([Buffer.from(JSON.stringify(value))]);
}

function blob(chunks: readonly Uint8Array[]): Blob {
  const hash = createHash("sha256");
  for (const chunk of chunks) hash.update(chunk);
  return { chunks, size: sizeOf(chunks), digest: hash.digest("hex") };
}

function descriptor(mediaType: string, { digest, size }: Blob): { mediaType: string; digest: string; size: number } {
  return { mediaType, digest: `sha256:${digest}`, size };
}

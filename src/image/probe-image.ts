import { type ImageConfig, ociArchive, type PlatformImage } from "./oci-archive.ts";

/** The agent's binaries by architecture, in Go's words. */
export type AgentBinaries = Readonly<Record<"amd64" | "arm64", Uint8Array>>;

/** As in probe-image/Dockerfile: a number, so that runAsNonRoot can be checked without a passwd file. */
const USER = "65532";

/** The default name of the probe image: never pulled by accident, since nobody's registry is called localhost. */
export function probeImageName(version: string): string {
  return `localhost/netproof-probe:${version}`;
}

/** The probe image as an OCI archive, the same that probe-image/Dockerfile describes. */
export function probeImage(version: string, binaries: AgentBinaries): Buffer {
  const config: ImageConfig = {
    name: probeImageName(version),
    version,
    user: USER,
    entrypoint: ["/netproof-probe"],
    command: ["serve"],
  };
  const platforms = (["amd64", "arm64"] as const).map(
    (architecture): PlatformImage => ({
      architecture,
      files: [{ path: "netproof-probe", mode: 0o755, content: binaries[architecture] }],
    }),
  );
  return ociArchive(config, platforms);
}

// In: the bytes of what is listed in probe-files.ts and controller-files.ts. Out: container images as OCI archives, made
// without a container engine, the same bytes for the same input.
// Not here: getting those bytes (building, scripts/image/), loading images into a cluster (a container runtime's own tools).
export { CONTROLLER } from "./controller-files.ts";
export { imageArchive, imageName } from "./image-archive.ts";
export type {
  Architecture,
  BytesOf,
  ImageContents,
  ImageFile,
  ImageSource,
} from "./image-contents.ts";
export { layerEntries } from "./layer.ts";
export type { OciArchive } from "./oci-archive.ts";
export { PROBE } from "./probe-files.ts";

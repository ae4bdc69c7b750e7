import { ARCHITECTURES, type BytesOf, type ImageContents } from "./image-contents.ts";
import { layerEntries } from "./layer.ts";
import { type OciArchive, ociArchive } from "./oci-archive.ts";

/** The default name of an image: never pulled by accident, since nobody's registry is called localhost. */
export function imageName({ name }: Pick<ImageContents, "name">, version: string): string {
  return `localhost/${name}:${version}`;
}

/** An image as an OCI archive for both architectures; `bytesOf` brings what its list names. */
export function imageArchive(contents: ImageContents, version: string, bytesOf: BytesOf): OciArchive {
  const { user, env, entrypoint, command, layers } = contents;
  const platforms = ARCHITECTURES.map((architecture) => ({
    architecture,
    layers: layers.map(({ filesFor }) => layerEntries(filesFor(architecture), architecture, bytesOf)),
  }));
  return ociArchive({ name: imageName(contents, version), version, user, env, entrypoint, command }, platforms);
}

/** In Go's words. */
export const ARCHITECTURES = ["amd64", "arm64"] as const;

export type Architecture = (typeof ARCHITECTURES)[number];

/** Where the bytes of a file come from. */
export type ImageSource =
  | { readonly kind: "agent"; readonly architecture: Architecture }
  /** netproof itself, as built: a folder. */
  | { readonly kind: "program" }
  /** A file or a folder of the source checkout. */
  | { readonly kind: "checkout"; readonly path: string }
  | { readonly kind: "npm"; readonly package: string; readonly path: string }
  /** Of the package for the image's architecture. */
  | { readonly kind: "debian"; readonly package: string; readonly path: string }
  /** All certificates in a folder of a package, in one file. */
  | { readonly kind: "certificates"; readonly package: string; readonly path: string }
  | { readonly kind: "text"; readonly text: string };

/** A file, or a folder of files with one mode; without a source an empty folder. Paths have no leading slash. */
export interface ImageFile {
  readonly path: string;
  readonly mode: number;
  readonly from?: ImageSource;
}

/** A layer; its name is that of the folder that holds it while a Dockerfile is built. */
export interface ImageLayer {
  readonly name: string;
  readonly filesFor: (architecture: Architecture) => readonly ImageFile[];
}

/** All that an image consists of: the archives and the Dockerfiles are made from it or held to it. */
export interface ImageContents {
  /** Without registry and tag. */
  readonly name: string;
  /** A number, so that runAsNonRoot can be checked without a passwd file. */
  readonly user: string;
  readonly env: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly layers: readonly ImageLayer[];
}

/** The content of a file; of a folder the contents by path, relative to it. */
export type BytesOf = (source: ImageSource, architecture: Architecture) => Uint8Array | ReadonlyMap<string, Uint8Array>;

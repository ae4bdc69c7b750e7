import type { ImageContents } from "./image-contents.ts";

/** The image of the probe pods: the agent and nothing else. */
export const PROBE: ImageContents = {
  name: "netproof-probe",
  user: "65532",
  env: {},
  entrypoint: ["/netproof-probe"],
  command: ["serve"],
  layers: [
    {
      name: "agent",
      filesFor: (architecture) => [{ path: "netproof-probe", mode: 0o755, from: { kind: "agent", architecture } }],
    },
  ],
};

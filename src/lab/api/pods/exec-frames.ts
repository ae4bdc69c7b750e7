// Channels of the remote command protocols: the first byte of each frame.
export const STDIN = 0;
export const STDOUT = 1;
export const STDERR = 2;
export const STATUS = 3;
/** v5 only: the second byte is the channel that the sender closes. */
export const CLOSE = 255;

export const PROTOCOLS = ["v5.channel.k8s.io", "v4.channel.k8s.io"] as const;
export type ExecProtocol = (typeof PROTOCOLS)[number];

export const LARGEST_PAYLOAD = 32 * 1024;

/** The text of one channel, cut into frames. An empty one still makes a frame. */
export function frames(channel: number, bytes: Uint8Array): readonly Buffer[] {
  const count = Math.max(1, Math.ceil(bytes.length / LARGEST_PAYLOAD));
  return Array.from({ length: count }, (_, i) => {
    const part = bytes.subarray(i * LARGEST_PAYLOAD, (i + 1) * LARGEST_PAYLOAD);
    const frame = Buffer.allocUnsafe(part.length + 1);
    frame[0] = channel;
    frame.set(part, 1);
    return frame;
  });
}

/** How the command ended, as the last frame says it. */
export interface Ending {
  readonly code: number | null;
  readonly error?: string;
}

const KILLED = 128 + 9;

export function endingStatus({ code, error }: Ending, execId: string): object {
  if (error !== undefined) return startFailure(error, execId);
  if (code === 0) return { metadata: {}, status: "Success" };
  const shown = code ?? KILLED;
  return {
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: command terminated with exit code ${shown}`,
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(shown) }] },
  };
}

/** The words of a container runtime, with the lab's reason at their end. */
function startFailure(error: string, execId: string): object {
  const message =
    "Internal error occurred: error executing command in container: failed to exec in container: failed to start exec " +
    `"${execId}": OCI runtime exec failed: exec failed: unable to start container process: ${error}`;
  return {
    metadata: {},
    status: "Failure",
    message: `Internal error occurred: ${message}`,
    reason: "InternalError",
    details: { causes: [{ message }] },
    code: 500,
  };
}

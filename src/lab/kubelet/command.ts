import type { KubeObject } from "../contracts.ts";
import { type ContainerSpec, fieldsOf, textOf } from "./pod-spec.ts";

/** The one image that the lab has; it is not pulled. */
const AGENT_IMAGE = /^localhost\/netproof-probe(:[^/]*)?(@.*)?$/;
const AGENT_ENTRYPOINT = ["/netproof-probe"];

export interface Command {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Why a container waits instead of running, as a kubelet's status says it. */
export interface Waiting {
  readonly reason: string;
  readonly message?: string;
}

/** What a container runs, once its pod has addresses. */
export function commandOf(container: ContainerSpec, pod: KubeObject): Command | Waiting {
  if (!AGENT_IMAGE.test(container.image)) return imageAbsent(container);
  const env: Record<string, string> = {};
  for (const entry of container.env) {
    const name = textOf(entry.name) ?? "";
    const value = entry.valueFrom === undefined ? (textOf(entry.value) ?? "") : fromField(entry, pod);
    if (value === undefined) {
      return {
        reason: "CreateContainerConfigError",
        message: `the lab cannot fill the environment variable "${name}"`,
      };
    }
    env[name] = expand(value, env);
  }
  const entrypoint = container.command.length > 0 ? container.command : AGENT_ENTRYPOINT;
  return { argv: [...entrypoint, ...container.args].map((word) => expand(word, env)), env };
}

/** What a kubelet says at later attempts to pull. */
export function backOff({ image }: ContainerSpec, { reason, message }: Waiting): Waiting {
  if (reason !== "ErrImagePull") return { reason, ...(message !== undefined && { message }) };
  return { reason: "ImagePullBackOff", message: `Back-off pulling image "${image}": ErrImagePull: ${message}` };
}

function imageAbsent({ image, imagePullPolicy }: ContainerSpec): Waiting {
  return imagePullPolicy === "Never"
    ? {
        reason: "ErrImageNeverPull",
        message: `Container image "${image}" is not present with pull policy of Never`,
      }
    : {
        reason: "ErrImagePull",
        message: `failed to pull and unpack image "${image}": the lab pulls no images; it has "localhost/netproof-probe"`,
      };
}

/** The downward API; undefined for what the lab does not have. */
function fromField(entry: ContainerSpec["env"][number], { metadata, spec, status }: KubeObject): string | undefined {
  const path = textOf(fieldsOf(fieldsOf(entry.valueFrom).fieldRef).fieldPath) ?? "";
  const [, kind, key = ""] = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path) ?? [];
  if (kind === "labels") return metadata.labels?.[key] ?? "";
  if (kind === "annotations") return metadata.annotations?.[key] ?? "";
  const known: Readonly<Record<string, unknown>> = {
    "metadata.name": metadata.name,
    "metadata.namespace": metadata.namespace,
    "metadata.uid": metadata.uid,
    "spec.nodeName": fieldsOf(spec).nodeName,
    "spec.serviceAccountName": fieldsOf(spec).serviceAccountName ?? "default",
    "status.hostIP": fieldsOf(status).hostIP,
    "status.podIP": fieldsOf(status).podIP,
  };
  return textOf(known[path]);
}

/** `$(NAME)` stands for a variable that is known by then, `$$` for a dollar sign; anything else for itself. */
function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\(([^()\s]+)\)/g, (whole, name: string | undefined) => {
    if (name === undefined) return "$";
    return Object.hasOwn(env, name) ? (env[name] ?? "") : whole;
  });
}

import type { Draft } from "../../store.ts";
import { at, recordsAt } from "../fields.ts";

type Fields = Readonly<Record<string, unknown>>;

interface Rule {
  readonly level: "baseline" | "restricted";
  readonly name: string;
  /** Which containers break it; `pod` is the pod's own part of the spec. */
  breaks(container: Fields, pod: Fields): boolean;
  /** What those containers must do. */
  readonly remedy: string;
  /** The pod may do it for all of them. */
  readonly orPod?: boolean;
}

/** The rules of the Pod Security Standards that a probe pod could break, in the order in which they are reported. */
const RULES: readonly Rule[] = [
  {
    level: "restricted",
    name: "allowPrivilegeEscalation != false",
    breaks: (container) => at(container, "securityContext.allowPrivilegeEscalation") !== false,
    remedy: "must set securityContext.allowPrivilegeEscalation=false",
  },
  {
    level: "baseline",
    name: "privileged",
    breaks: (container) => at(container, "securityContext.privileged") === true,
    remedy: "must not set securityContext.privileged=true",
  },
  {
    level: "restricted",
    name: "unrestricted capabilities",
    breaks: (container) => {
      const drop = at(container, "securityContext.capabilities.drop");
      return !(Array.isArray(drop) && drop.includes("ALL"));
    },
    remedy: 'must set securityContext.capabilities.drop=["ALL"]',
  },
  {
    level: "restricted",
    name: "runAsNonRoot != true",
    breaks: (container, pod) =>
      (at(container, "securityContext.runAsNonRoot") ?? at(pod, "securityContext.runAsNonRoot")) !== true,
    remedy: "must set securityContext.runAsNonRoot=true",
    orPod: true,
  },
  {
    level: "restricted",
    name: "seccompProfile",
    breaks: (container, pod) => {
      const profile =
        at(container, "securityContext.seccompProfile.type") ?? at(pod, "securityContext.seccompProfile.type");
      return profile !== "RuntimeDefault" && profile !== "Localhost";
    },
    remedy: 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"',
    orPod: true,
  },
];

const HOST_NAMESPACES = ["hostNetwork", "hostPID", "hostIPC"];

/** Each fault as one phrase, as a genuine server joins them. */
export function podSecurityFaults(draft: Draft, level: "baseline" | "restricted"): readonly string[] {
  const spec = (at(draft, "spec") ?? {}) as Fields; // a completed pod has a spec
  const containers = [...recordsAt(spec, "initContainers"), ...recordsAt(spec, "containers")];
  const shared = HOST_NAMESPACES.filter((name) => spec[name] === true).map((name) => `${name}=true`);
  const broken = RULES.filter((rule) => level === "restricted" || rule.level === "baseline").flatMap((rule) => {
    const names = containers
      .filter((container) => rule.breaks(container, spec))
      .map(({ name }) => JSON.stringify(name));
    if (names.length === 0) return [];
    const who = `${names.length === 1 ? "container" : "containers"} ${names.join(", ")}`;
    return [`${rule.name} (${rule.orPod ? "pod or " : ""}${who} ${rule.remedy})`];
  });
  return [...(shared.length > 0 ? [`host namespaces (${shared.join(", ")})`] : []), ...broken];
}

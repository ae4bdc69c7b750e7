import type { KubeObject } from "../contracts.ts";

/** What the kubelet needs to know of a pod, read from raw JSON once. Absent lists are empty. */
export interface PodSpec {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly nodeName: string | undefined;
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** The addresses of a host outside the cluster for which this pod stands. */
  readonly outside: readonly string[];
  readonly isHostNetwork: boolean;
  readonly restartPolicy: "Always" | "OnFailure" | "Never";
  readonly readinessGates: readonly string[];
  readonly activeDeadlineSeconds: number | undefined;
  readonly containers: readonly ContainerSpec[];
}

export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly imagePullPolicy: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: readonly Fields[];
  readonly startup: ProbeSpec | undefined;
  readonly readiness: ProbeSpec | undefined;
  readonly liveness: ProbeSpec | undefined;
}

/** A `tcpSocket` probe. */
export interface ProbeSpec {
  readonly port: number;
  readonly initialDelayMs: number;
  readonly periodMs: number;
  readonly timeoutMs: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

export type Fields = Readonly<Record<string, unknown>>;

const OUTSIDE_ANNOTATION = "lab.netproof.dev/outside-addresses";

export function readPodSpec({ metadata, spec }: KubeObject): PodSpec {
  const fields = fieldsOf(spec);
  const restartPolicy = textOf(fields.restartPolicy);
  const outside = metadata.annotations?.[OUTSIDE_ANNOTATION] ?? "";
  return {
    uid: metadata.uid,
    namespace: metadata.namespace ?? "default",
    name: metadata.name,
    nodeName: textOf(fields.nodeName) || undefined,
    nodeSelector: fieldsOf(fields.nodeSelector) as Readonly<Record<string, string>>, // as the API admits it
    outside: outside.split(",").flatMap((address) => address.trim() || []),
    isHostNetwork: fields.hostNetwork === true,
    restartPolicy: restartPolicy === "Never" || restartPolicy === "OnFailure" ? restartPolicy : "Always",
    readinessGates: listOf(fields.readinessGates).flatMap((gate) => textOf(fieldsOf(gate).conditionType) ?? []),
    activeDeadlineSeconds: numberOf(fields.activeDeadlineSeconds),
    containers: listOf(fields.containers).map((container) => readContainer(fieldsOf(container))),
  };
}

function readContainer(fields: Fields): ContainerSpec {
  const ports = listOf(fields.ports).map(fieldsOf);
  return {
    name: textOf(fields.name) ?? "",
    image: textOf(fields.image) ?? "",
    imagePullPolicy: textOf(fields.imagePullPolicy) ?? "IfNotPresent",
    command: listOf(fields.command).map(String),
    args: listOf(fields.args).map(String),
    env: listOf(fields.env).map(fieldsOf),
    startup: readProbe(fields.startupProbe, ports),
    readiness: readProbe(fields.readinessProbe, ports),
    liveness: readProbe(fields.livenessProbe, ports),
  };
}

/** Other handlers than `tcpSocket` are not run; their containers count as ready. */
function readProbe(value: unknown, ports: readonly Fields[]): ProbeSpec | undefined {
  const fields = fieldsOf(value);
  const named = fieldsOf(fields.tcpSocket).port;
  const port = typeof named === "number" ? named : ports.find(({ name }) => name === named)?.containerPort;
  if (typeof port !== "number") return undefined;
  const seconds = (name: string, otherwise: number) => (numberOf(fields[name]) ?? otherwise) * 1000;
  return {
    port,
    initialDelayMs: seconds("initialDelaySeconds", 0),
    periodMs: Math.max(1000, seconds("periodSeconds", 10)),
    timeoutMs: Math.max(1000, seconds("timeoutSeconds", 1)),
    successThreshold: Math.max(1, numberOf(fields.successThreshold) ?? 1),
    failureThreshold: Math.max(1, numberOf(fields.failureThreshold) ?? 3),
  };
}

export function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

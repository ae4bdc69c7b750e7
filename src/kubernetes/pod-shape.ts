import type { StagePod } from "../plan/index.ts";
import type { ContainerPort } from "../snapshot/index.ts";
import type { Json } from "./client.ts";

export const CONTAINER = "probe";
export const AGENT_COMMAND = ["/netproof-probe", "session"];
const OUTSIDE_ANNOTATION = "lab.netproof.dev/outside-addresses";

export interface ShapeOptions {
  readonly image: string;
  readonly imagePullSecret?: string;
  readonly deadlineSeconds: number;
  /** Other people's Services may select it: it never becomes ready for them. */
  readonly isShielded: boolean;
  /** Where it should run, if that node has room. */
  readonly node?: string;
}

/**
 * A probe pod as the API server gets it. Its shape keeps it within the restricted Pod Security Standard, without a token,
 * and mortal: both the kubelet and the agent itself end it at the deadline.
 */
export function podObject(
  pod: StagePod,
  { image, imagePullSecret, deadlineSeconds, node, isShielded }: ShapeOptions,
): Json {
  const annotations = MESH_OPT_OUT;
  const outside = pod.outsideAddresses?.join(",");
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      namespace: pod.namespace,
      name: pod.name,
      labels: pod.labels,
      annotations: outside === undefined ? annotations : { ...annotations, [OUTSIDE_ANNOTATION]: outside },
    },
    spec: {
      ...(outside === undefined ? {} : { hostNetwork: true }),
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...(isShielded ? { readinessGates: [{ conditionType: "netproof.dev/never" }] } : {}),
      restartPolicy: "Never",
      terminationGracePeriodSeconds: 0,
      activeDeadlineSeconds: deadlineSeconds,
      nodeSelector: { "kubernetes.io/os": "linux" },
      ...(node === undefined ? {} : { affinity: preferring(node) }),
      ...(imagePullSecret === undefined ? {} : { imagePullSecrets: [{ name: imagePullSecret }] }),
      securityContext: {
        runAsNonRoot: true,
        seccompProfile: { type: "RuntimeDefault" },
        // Ports below 1024 are served without a capability; the sysctl is on the list of safe ones.
        sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "0" }],
      },
      containers: containers(pod, image, deadlineSeconds),
    },
  };
}

/** A wish, not a condition: a full node must not keep the pod from running. */
function preferring(node: string): Json {
  const preference = { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [node] }] };
  return { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference }] } };
}

/** The agent's container, and one more for each time that a port name is declared again: the API wants them apart. */
function containers({ ports, listen, healthPort }: StagePod, image: string, deadlineSeconds: number): readonly Json[] {
  const [own = [], ...others] = withoutRepetition(ports);
  const deadline = ["--deadline", `${deadlineSeconds}s`];
  const listening = [
    "--tcp",
    formatPorts(listen.TCP),
    "--udp",
    formatPorts(listen.UDP),
    ...(listen.SCTP.length === 0 ? [] : ["--sctp", formatPorts(listen.SCTP)]),
    "--health",
    String(healthPort),
  ];
  const agent = container(CONTAINER, own, { image, args: ["serve", ...listening, ...deadline] });
  return [
    {
      ...agent,
      // Crosses the pod's interface in both directions, and no policy may stop it: it shows that the network is alive.
      readinessProbe: { tcpSocket: { port: healthPort }, periodSeconds: 1, failureThreshold: 1000 },
    },
    ...others.map((more, index) => {
      const name = `${CONTAINER}-${index + 2}`;
      return container(name, more, { image, args: ["serve", "--control", `@netproof-${name}`, ...deadline] });
    }),
  ];
}

function container(
  name: string,
  ports: readonly ContainerPort[],
  { image, args }: { image: string; args: readonly string[] },
): Json {
  return {
    name,
    image,
    imagePullPolicy: "IfNotPresent",
    args,
    env: [{ name: "POD_UID", valueFrom: { fieldRef: { fieldPath: "metadata.uid" } } }],
    ports: ports.map(({ name: portName, port, protocol }) => ({
      ...(portName === undefined ? {} : { name: portName }),
      containerPort: port,
      protocol,
    })),
    resources: {
      requests: { cpu: "5m", memory: "16Mi" },
      limits: { memory: "64Mi" },
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
  };
}

/** The ports in as few groups as there may be without a name twice in one of them. */
function withoutRepetition(ports: readonly ContainerPort[]): readonly (readonly ContainerPort[])[] {
  const groups: ContainerPort[][] = [];
  for (const port of ports) {
    const hasRoom = (group: readonly ContainerPort[]): boolean =>
      port.name === undefined || group.every(({ name }) => name !== port.name);
    const group = groups.find(hasRoom);
    if (group === undefined) groups.push([port]);
    else group.push(port);
  }
  return groups;
}

/** A sidecar accepts every connection, and would answer for the pod. */
const MESH_OPT_OUT = {
  "sidecar.istio.io/inject": "false",
  "linkerd.io/inject": "disabled",
  "kuma.io/sidecar-injection": "disabled",
};

/** `80,443,9000-9010`. */
function formatPorts(ports: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const port of [...ports].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && port === last[1] + 1) last[1] = port;
    else ranges.push([port, port]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(",");
}

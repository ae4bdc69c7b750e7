import type { Draft } from "../../store.ts";
import { isRecord } from "../../store-json.ts";
import { recordAt, recordsAt, textAt } from "../fields.ts";

type Fields = Readonly<Record<string, unknown>>;

const SPEC_DEFAULTS = {
  restartPolicy: "Always",
  terminationGracePeriodSeconds: 30,
  dnsPolicy: "ClusterFirst",
  securityContext: {},
  schedulerName: "default-scheduler",
  priority: 0,
  enableServiceLinks: true,
  preemptionPolicy: "PreemptLowerPriority",
};

const PROBE_DEFAULTS = { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 };
const PROBES = ["livenessProbe", "readinessProbe", "startupProbe"];

const TOLERATED = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

/** Adds what a genuine server adds, but no token volume: the lab mounts no API token into its pods. */
export function completePod(draft: Draft): Draft {
  const given = recordAt(draft, "spec");
  const account = textAt(given, "serviceAccountName") || textAt(given, "serviceAccount") || "default";
  const hostNetwork = given.hostNetwork === true;
  const spec = {
    ...SPEC_DEFAULTS,
    ...given,
    containers: recordsAt(given, "containers").map((container) => completeContainer(container, hostNetwork)),
    ...(Array.isArray(given.initContainers) && {
      initContainers: recordsAt(given, "initContainers").map((container) => completeContainer(container, hostNetwork)),
    }),
    serviceAccountName: account,
    serviceAccount: account,
    tolerations: completeTolerations(recordsAt(given, "tolerations")),
  };
  const status = { phase: "Pending", ...recordAt(draft, "status"), qosClass: qosClass(spec.containers) };
  return { ...draft, spec, status };
}

function completeContainer(container: Fields, hostNetwork: boolean): Fields {
  const ports = recordsAt(container, "ports").map((port) => ({
    ...(hostNetwork && { hostPort: port.containerPort }),
    protocol: "TCP",
    ...port,
  }));
  const probes = PROBES.filter((name) => isRecord(container[name])).map((name) => [
    name,
    { ...PROBE_DEFAULTS, ...recordAt(container, name) },
  ]);
  return {
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    imagePullPolicy: /:(?!latest$)[^/:]+$|@/.test(textAt(container, "image") ?? "") ? "IfNotPresent" : "Always",
    ...container,
    ...(ports.length > 0 && { ports }),
    ...Object.fromEntries(probes),
    resources: completeResources(recordAt(container, "resources")),
  };
}

/** A limit without a request is a request too. */
function completeResources(resources: Fields): Fields {
  const limits = recordAt(resources, "limits");
  if (Object.keys(limits).length === 0) return resources;
  return { ...resources, requests: { ...limits, ...recordAt(resources, "requests") } };
}

function completeTolerations(given: readonly Fields[]): readonly Fields[] {
  const missing = TOLERATED.filter((key) => !given.some((toleration) => toleration.key === key || !toleration.key));
  return [
    ...given,
    ...missing.map((key) => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 })),
  ];
}

function qosClass(containers: readonly Fields[]): string {
  const asked = containers.map(({ resources }) => ({
    limits: recordAt(resources, "limits"),
    requests: recordAt(resources, "requests"),
  }));
  const isGuaranteed = asked.every(({ limits, requests }) =>
    ["cpu", "memory"].every((what) => limits[what] !== undefined && limits[what] === requests[what]),
  );
  if (isGuaranteed && asked.length > 0) return "Guaranteed";
  const asksNothing = asked.every((what) => Object.keys({ ...what.limits, ...what.requests }).length === 0);
  return asksNothing ? "BestEffort" : "Burstable";
}

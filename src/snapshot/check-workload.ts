import { checkPortName } from "./check-port.ts";
import type { Cursor } from "./cursor.ts";
import { type ContainerPort, type Labels, PROTOCOLS, type Workload } from "./model.ts";
import { portNumberObjections } from "./name-syntax.ts";
import { checkTemplateLabels, checkWord, invalid } from "./object-meta.ts";

/** Where the pod template of each kind stands; a Pod is its own. */
const TEMPLATE_PATHS = {
  CronJob: ["spec", "jobTemplate", "spec", "template"],
  DaemonSet: ["spec", "template"],
  Deployment: ["spec", "template"],
  Job: ["spec", "template"],
  Pod: [],
  ReplicaSet: ["spec", "template"],
  StatefulSet: ["spec", "template"],
} as const satisfies Record<string, readonly string[]>;

export type WorkloadKind = keyof typeof TEMPLATE_PATHS;

/** Checks what netproof reads of a workload's pods, and nothing else of it. Undefined after some problems. */
export function checkPods(
  workload: Cursor,
  kind: WorkloadKind,
  ownLabels: Labels,
): Pick<Workload, "labels" | "ports" | "hostNetwork"> | undefined {
  const path: readonly string[] = TEMPLATE_PATHS[kind];
  const template = path.reduce<Cursor | undefined>((cursor, field) => cursor && requiredField(cursor, field), workload);
  const spec = template && requiredField(template, "spec");
  if (template === undefined || spec === undefined) return undefined;
  const fields = spec.expectFields(["hostNetwork", "initContainers"], { others: "ignored" });
  const containers = requiredField(spec, "containers")?.expectList() ?? [];
  const initContainers = fields?.initContainers?.expectList() ?? [];
  return {
    labels: template === workload ? ownLabels : checkTemplateLabels(template),
    ports: [...containers, ...initContainers.filter(isRestartable)].flatMap(containerPorts),
    hostNetwork: fields?.hostNetwork?.expectBoolean() ?? false,
  };
}

function requiredField(cursor: Cursor, name: string): Cursor | undefined {
  const fields = cursor.expectFields([name], { others: "ignored" });
  if (fields !== undefined && fields[name] === undefined) cursor.problem("Required value", { field: name });
  return fields?.[name];
}

/** Init containers with `restartPolicy: Always` run beside the others: their ports are the pod's too. */
function isRestartable(container: Cursor): boolean {
  const fields = container.expectFields(["restartPolicy"], { others: "ignored" });
  return fields?.restartPolicy?.expectString() === "Always";
}

function containerPorts(container: Cursor): readonly ContainerPort[] {
  const fields = container.expectFields(["ports"], { others: "ignored" });
  const names = new Set<string>();
  return (fields?.ports?.expectList() ?? []).flatMap((item) => containerPort(item, names) ?? []);
}

/** @param names of the container's ports before it */
function containerPort(cursor: Cursor, names: Set<string>): ContainerPort | undefined {
  const fields = cursor.expectFields(["containerPort", "hostIP", "hostPort", "name", "protocol"]);
  if (fields === undefined) return undefined;
  if (fields.containerPort === undefined) cursor.problem("Required value", { field: "containerPort" });
  const port = fields.containerPort?.expectInteger();
  const name = fields.name?.expectString() ?? "";
  if (fields.name && name !== "") {
    checkPortName(fields.name, name);
    if (names.has(name))
      fields.name.problem(`Duplicate value: "${name}"`, {
        hint: "one name may stand for several ports only in several containers",
      });
    names.add(name);
  }
  const protocol = fields.protocol ? checkWord(fields.protocol, PROTOCOLS) : "TCP";
  if (fields.containerPort === undefined || port === undefined || protocol === undefined) return undefined;
  for (const objection of portNumberObjections(port)) invalid(fields.containerPort, port, objection);
  return { ...(name === "" ? {} : { name }), port, protocol };
}

import { at, numberAt, recordsAt, textAt } from "../fields.ts";
import { AGE, type Column, NAME, since, wide } from "./cells.ts";

type Fields = Readonly<Record<string, unknown>>;

export const POD_COLUMNS: readonly Column[] = [
  NAME,
  { name: "Ready", cell: readyText },
  { name: "Status", cell: statusText },
  { name: "Restarts", cell: restartsText },
  AGE,
  wide("IP", (pod) => textAt(recordsAt(pod, "status.podIPs")[0], "ip") ?? "<none>"),
  wide("Node", (pod) => textAt(pod, "spec.nodeName") || "<none>"),
  wide("Nominated Node", (pod) => textAt(pod, "status.nominatedNodeName") || "<none>"),
  wide("Readiness Gates", gatesText),
];

// The lab's kubelet runs no init containers, so what a genuine server says of them has no place here.

function statuses(pod: object): readonly Fields[] {
  return recordsAt(pod, "status.containerStatuses");
}

function isReady(status: Fields): boolean {
  return status.ready === true && at(status, "state.running") !== undefined;
}

function readyText(pod: object): string {
  return `${statuses(pod).filter(isReady).length}/${recordsAt(pod, "spec.containers").length}`;
}

function statusText(pod: object): string {
  const phase = textAt(pod, "status.phase") ?? "";
  const isOver = phase === "Succeeded" || phase === "Failed";
  if (textAt(pod, "metadata.deletionTimestamp") !== undefined && !isOver) return "Terminating";
  // The first container's word is the last that counts.
  const words = statuses(pod).flatMap((status) => reasonOf(status) ?? []);
  const reason = words[0] ?? (textAt(pod, "status.reason") || phase);
  if (reason !== "Completed") return reason;
  const isRunning = statuses(pod).some((status) => reasonOf(status) === undefined && isReady(status));
  const isPodReady = recordsAt(pod, "status.conditions").some((one) => one.type === "Ready" && one.status === "True");
  if (isRunning && isPodReady) return "Running";
  const failed = statuses(pod).find((status) => (numberAt(status, "state.terminated.exitCode") ?? 0) !== 0);
  return (failed && reasonOf(failed)) ?? (isRunning ? "NotReady" : reason);
}

function reasonOf(status: Fields): string | undefined {
  const waiting = textAt(status, "state.waiting.reason");
  if (waiting) return waiting;
  if (at(status, "state.terminated") === undefined) return undefined;
  return textAt(status, "state.terminated.reason") || `ExitCode:${numberAt(status, "state.terminated.exitCode") ?? 0}`;
}

function restartsText(pod: object, now: Date): string {
  const count = statuses(pod).reduce((sum, status) => sum + (numberAt(status, "restartCount") ?? 0), 0);
  const ends = statuses(pod).flatMap((status) => textAt(status, "lastState.terminated.finishedAt") ?? []);
  const last = ends.sort().at(-1);
  return count === 0 || last === undefined ? String(count) : `${count} (${since(last, now)} ago)`;
}

function gatesText(pod: object): string {
  const gates = recordsAt(pod, "spec.readinessGates").map(({ conditionType }) => conditionType);
  if (gates.length === 0) return "<none>";
  const conditions = recordsAt(pod, "status.conditions");
  const open = gates.filter((gate) => conditions.find(({ type }) => type === gate)?.status === "True");
  return `${open.length}/${gates.length}`;
}

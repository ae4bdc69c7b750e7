import { printable } from "../errors/index.ts";
import type { FoundLab, LabState } from "./lab-state.ts";

/** What to do with a lab that has just been started. */
export function renderStarted({ kubeconfig, nodes, faults }: LabState): string {
  const file = quoted(kubeconfig);
  const size = nodes.length === 1 ? "1 node" : `${nodes.length} nodes`;
  const ill = faults.length === 0 ? "" : `; its faults: ${faults.join(", ")}`;
  return [
    `The lab is running: ${size}${ill}`,
    "",
    `  export KUBECONFIG=${file}`,
    "  kubectl get nodes",
    `  netproof prove -f policies/ --kubeconfig ${file}`,
    "",
    "Its pods run the probe agent, localhost/netproof-probe, and no other image. It ends with",
    "",
    "  netproof lab down",
    "",
  ].join("\n");
}

export function renderLab(found: FoundLab, format: "text" | "json", now: Date): string {
  if (format === "json") return `${JSON.stringify(document(found), null, 2)}\n`;
  switch (found.kind) {
    case "none":
      return "no lab is running; start one with `netproof lab up`\n";
    case "dead":
      return `no lab is running: the last one ended without \`netproof lab down\`: ${printable(found.reason)}\n  Start another with \`netproof lab up\`, or remove what is written of it with \`netproof lab down\`\n`;
    case "running":
      return running(found.state, now);
  }
}

function running({ startedAt, nodes, faults, denial, kubeconfig, process }: LabState, now: Date): string {
  const rows = [
    ["running since", `${startedAt} (${lapse(now.getTime() - Date.parse(startedAt))})`],
    ["nodes", nodes.join(", ")],
    ["faults", faults.length === 0 ? "none" : faults.join(", ")],
    ["denied packets", denial === "drop" ? "are dropped" : "are rejected"],
    ["kubeconfig", kubeconfig],
    ["process", String(process.pid)],
  ];
  return rows.map(([name = "", value = ""]) => `${name.padEnd(16)}${printable(value)}\n`).join("");
}

function document(found: FoundLab): object {
  switch (found.kind) {
    case "none":
      return { running: false };
    case "dead":
      return { running: false, reason: found.reason };
    case "running": {
      const { process, ...state } = found.state;
      return { running: true, ...state, pid: process.pid };
    }
  }
}

function lapse(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return `${Math.max(0, Math.floor(ms / 1000))} seconds`;
  if (minutes < 120) return `${minutes} minutes`;
  return `${Math.floor(minutes / 60)} hours`;
}

/** As a shell takes it for one word. */
function quoted(path: string): string {
  return /^[\w./~+:@-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

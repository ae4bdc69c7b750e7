// How fast a proof is on the cluster that the kubeconfig names, in figures: medians of several runs. The probe image has
// to be there already. Nothing here fails; compare within one run, machines differ.
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { buildProgram } from "./build.mjs";

const root = resolve(fileURLToPath(import.meta.url), "../..");
const RUNS = Number(process.env.RUNS ?? 5);
const PHASES = ["plan", "baseline", "enforced", "restored"];
const NAMESPACES = ["nx", "ny", "nz"];

await buildProgram(console.error);
console.log("                                       whole   pods ready   pods run to verdict   connections");
const nine = workloads(["a", "b", "c"]);
const few = ["--max-pods", "9"];
time("9 pods, all pairs, one row blocked", [nine, deny("nx", { pod: "a" })], few);
time("9 pods, all pairs, one policy", [nine, deny("nx")], few);
time("9 pods, all pairs, all blocked", [nine, ...NAMESPACES.map((name) => deny(name))], few);
const sixty = workloads(Array.from({ length: 20 }, (_, index) => `p${index}`));
time("60 pods, 2,000 connections", [sixty, deny("nx")], []);
time("60 pods, 10,000 connections", [sixty, deny("nx")], ["--max-probes", "10000"]);

function time(name, documents, flags) {
  const runs = Array.from({ length: RUNS }, () => once(documents, flags)).filter((run) => run !== undefined);
  const median = (key) => runs.map((run) => run[key]).sort((a, b) => a - b)[Math.floor(runs.length / 2)];
  const cells = [median("whole"), median("pods"), median("proof")].map((value) => `${value?.toFixed(1)} s`);
  console.log(`${name.padEnd(36)} ${cells.map((cell) => cell.padStart(9)).join("    ")} ${median("connections")}`);
}

/** Seconds: the whole command, until all pods run with a session to each, and from then on until the verdict. */
function once(documents, flags) {
  const began = performance.now();
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [join(root, "bin/netproof.mjs"), "prove", "-f", "-", "-o", "json", ...flags],
    { input: documents.join("---\n"), encoding: "utf8", maxBuffer: 1 << 30 },
  );
  const whole = (performance.now() - began) / 1000;
  if (stdout === "") {
    console.error(`exit ${status}: ${stderr}`);
    return undefined;
  }
  const { run, connections, outcome } = JSON.parse(stdout);
  if (status !== 0) console.error(`exit ${status}: ${outcome.reasons[0]}`);
  const proof = PHASES.reduce((sum, phase) => sum + (run.timings[phase] ?? 0), 0) / 1000;
  return { whole, pods: run.timings.pods / 1000, proof, connections: connections.length };
}

function workloads(names) {
  const ports = ["TCP", "UDP"].flatMap((protocol) =>
    [80, 81].map((port) => `{containerPort: ${port}, protocol: ${protocol}}`),
  );
  return NAMESPACES.flatMap((namespace) =>
    names.map(
      (pod) => `apiVersion: v1
kind: Pod
metadata: {name: ${pod}, namespace: ${namespace}, labels: {pod: ${pod}}}
spec: {containers: [{name: main, image: main, ports: [${ports.join(", ")}]}]}
`,
    ),
  ).join("---\n");
}

function deny(namespace, labels = {}) {
  return `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: ${namespace}}
spec: {podSelector: {matchLabels: ${JSON.stringify(labels)}}, policyTypes: [Ingress]}
`;
}

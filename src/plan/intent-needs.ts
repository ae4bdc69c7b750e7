import { hintWord, type Intent, type ManifestProblem, manifestError } from "../snapshot/index.ts";
import type { PortRange } from "./ports.ts";

interface Known {
  readonly pods: readonly Named[];
  readonly workloads: readonly Named[];
  readonly namespaces: readonly { readonly name: string }[];
}

interface Named {
  readonly namespace: string;
  readonly name: string;
}

/** Refuses an intent that speaks of workloads or namespaces which are not there: a misspelt name would require nothing. */
export function checkIntent({ lines }: Intent, { pods, workloads, namespaces }: Known): void {
  const podNames = [...pods, ...workloads].map(({ namespace, name }) => `${namespace}/${name}`);
  const namespaceNames = namespaces.map(({ name }) => name);
  const problems = lines
    .flatMap(({ from, to }) => [from, to])
    .flatMap((end): ManifestProblem[] => {
      if (end.kind === "workload" && !podNames.includes(`${end.namespace}/${end.name}`)) {
        return [
          {
            place: end.place,
            path: "",
            reason: `there is no workload "${end.text}"`,
            hint: hintWord(end.text, podNames),
          },
        ];
      }
      if (end.kind === "namespace" && !namespaceNames.includes(end.namespace)) {
        return [
          {
            place: end.place,
            path: "",
            reason: `there is no namespace "${end.namespace}"`,
            hint: hintWord(end.namespace, namespaceNames),
          },
        ];
      }
      return [];
    });
  if (problems.length > 0) throw manifestError(problems, [...new Set(problems.map(({ place }) => place.file))]);
}

/** CIDRs of the intent, for which the stage needs an address outside. */
export function intentCidrs({ lines }: Intent): readonly string[] {
  return lines.flatMap(({ from, to }) => [from, to].flatMap((end) => (end.kind === "cidr" ? [end.cidr] : [])));
}

/** Ports on which every pod must listen at both ends. */
export function intentPorts({ lines }: Intent): readonly PortRange[] {
  return lines.flatMap(({ port }) => (port?.kind === "range" ? [port] : []));
}

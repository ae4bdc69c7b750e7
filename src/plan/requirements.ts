import {
  contains,
  isNothing,
  type PairExpectation,
  type PortsByProtocol,
  parseAddress,
  parseCidr,
  selects,
  subtract,
} from "../expectation/index.ts";
import {
  type Intent,
  type IntentEnd,
  type IntentLine,
  type Labels,
  type Namespace,
  type Pod,
  showPlace,
} from "../snapshot/index.ts";
import { type AddressRange, formatRange } from "./address-range.ts";
import { type CidrPart, cidrParts, type Policies } from "./cidr-parts.ts";
import { type End, podOf } from "./ends.ts";
import { contrary, formatContrary, portsOf, portsToTry, speaksOf } from "./line-ports.ts";
import type { PlannedConnection, PlannedRequirement, StagedWorkload } from "./model.ts";
import { NAME_LABEL } from "./names.ts";
import { WITHOUT_HOST } from "./outside.ts";
import type { PortOfInterest } from "./ports.ts";

/** One line of the intent, with what has been found about it. */
interface Noted {
  readonly line: IntentLine;
  readonly ids: Set<string>;
  readonly againstPolicy: string[];
}

interface Stage {
  readonly namespaces: readonly Namespace[];
  readonly workloads: readonly StagedWorkload[];
}

/** The lines of an intent, and which pairs and ports each of them speaks of. */
export class Requirements {
  readonly #noted: readonly Noted[];
  readonly #namespaceLabels: ReadonlyMap<string, Labels>;
  readonly #workloads: readonly StagedWorkload[];
  /** By the pod that stands for it. */
  readonly #workloadNames: ReadonlyMap<string, string>;

  constructor({ lines }: Intent, { namespaces, workloads }: Stage) {
    this.#noted = lines.map((line) => ({ line, ids: new Set(), againstPolicy: [] }));
    this.#namespaceLabels = new Map(namespaces.map(({ name, labels }) => [name, { ...labels, [NAME_LABEL]: name }]));
    this.#workloads = workloads;
    this.#workloadNames = new Map(workloads.map(({ namespace, name, pod }) => [`${namespace}/${pod}`, name]));
  }

  /** Ports that must be among those tried between two ends. */
  portsFor(source: End, destination: End, pair: PairExpectation): readonly PortOfInterest[] {
    return this.#about(source, destination).flatMap(({ line }) =>
      portsToTry(line, portsOf(line, podOf(destination)), pair),
    );
  }

  /** Takes note of a pair's connections, and of every port on which the policies say the opposite of a line. */
  note(
    source: End,
    destination: End,
    { pair, rows }: { pair: PairExpectation; rows: readonly PlannedConnection[] },
  ): void {
    for (const { line, ids, againstPolicy } of this.#about(source, destination)) {
      const ports = portsOf(line, podOf(destination));
      for (const { probe } of rows) if (speaksOf(ports, probe)) ids.add(probe.id);
      if (source.isOutside || destination.isOutside) continue;
      againstPolicy.push(...formatContrary(line, `${source.name} > ${destination.name}`, contrary(line, ports, pair)));
    }
  }

  /** Decides what lines with a CIDR say of pods, for every address of it. */
  noteCidrs(pods: readonly Pod[], policies: Policies): void {
    for (const { line, againstPolicy } of this.#noted) {
      const { from, to } = line;
      for (const pod of pods) {
        if (to.kind === "cidr" && this.#means(from, pod)) {
          const parts = cidrParts(pod, { cidr: to.cidr, direction: "egress" }, policies);
          againstPolicy.push(...contraryParts(line, parts, (range) => `${nameOf(pod)} > ${range}`));
        }
        if (from.kind === "cidr" && this.#means(to, pod)) {
          const parts = cidrParts(pod, { cidr: from.cidr, direction: "ingress" }, policies);
          againstPolicy.push(...contraryParts(line, parts, (range) => `${range} > ${nameOf(pod)}`, pod));
        }
      }
    }
  }

  /** `outside`: every end that is tried outside the cluster. `lacksSctp`: some end cannot speak SCTP. */
  planned(outside: readonly End[], lacksSctp: boolean): readonly PlannedRequirement[] {
    return this.#noted.map(({ line, ids, againstPolicy }) => ({
      text: formatLine(line),
      place: showPlace(line.place),
      must: line.must,
      connections: [...ids],
      againstPolicy: [...new Set(againstPolicy)],
      unproven: [...this.#absent(line), ...unprobed(line, outside, lacksSctp)],
    }));
  }

  get ids(): ReadonlySet<string> {
    return new Set(this.#noted.flatMap(({ ids }) => [...ids]));
  }

  #about(source: End, destination: End): readonly Noted[] {
    return this.#noted.filter(({ line }) => this.#isMeant(line.from, source) && this.#isMeant(line.to, destination));
  }

  #isMeant(wanted: IntentEnd, end: End): boolean {
    if (wanted.kind === "cidr") return end.isOutside && isIn(wanted.cidr, end.address);
    const pod = podOf(end);
    return pod !== undefined && this.#means(wanted, pod);
  }

  #means(wanted: IntentEnd, pod: Pick<Pod, "namespace" | "name" | "labels">): boolean {
    switch (wanted.kind) {
      case "workload":
        return (
          pod.namespace === wanted.namespace && [pod.name, this.#workloadNames.get(nameOf(pod))].includes(wanted.name)
        );
      case "namespace":
        return pod.namespace === wanted.namespace;
      case "everything":
        return true;
      case "cidr":
        return false;
      case "selectors":
        return (
          selects(wanted.podSelector, pod.labels) &&
          selects(wanted.namespaceSelector, this.#namespaceLabels.get(pod.namespace) ?? {})
        );
    }
  }

  /** What a line means and has no pod. Of hostNetwork workloads the API says nothing: they count where they are named. */
  #absent({ from, to }: IntentLine): readonly string[] {
    return this.#workloads.flatMap((workload) => {
      if (workload.absent === undefined) return [];
      const isMeant = [from, to].some(
        (end) =>
          this.#means(end, { ...workload, name: workload.pod }) && (end.kind === "workload" || !workload.hostNetwork),
      );
      return isMeant ? [`${nameOf(workload)} is not on the stage: ${workload.absent}`] : [];
    });
  }
}

function contraryParts(
  line: IntentLine,
  parts: readonly CidrPart[],
  ends: (range: string) => string,
  destination?: Pod,
): readonly string[] {
  const ports = portsOf(line, destination);
  const alike: { range: AddressRange; found: PortsByProtocol }[] = [];
  for (const { range, pair } of parts) {
    const found = contrary(line, ports, pair);
    const last = alike.at(-1);
    if (last !== undefined && isSame(last.found, found)) last.range = { ...last.range, last: range.last };
    else alike.push({ range, found });
  }
  return alike.flatMap(({ range, found }) => formatContrary(line, ends(formatRange(range)), found));
}

function isSame(a: PortsByProtocol, b: PortsByProtocol): boolean {
  return isNothing(subtract(a, b)) && isNothing(subtract(b, a));
}

function unprobed({ from, to, port }: IntentLine, outside: readonly End[], lacksSctp: boolean): readonly string[] {
  const cidrs = [from, to].flatMap((end) => (end.kind === "cidr" ? [end.cidr] : []));
  return [
    ...(port?.kind === "range" && port.protocol === "SCTP" && lacksSctp ? ["there is no SCTP in this kernel"] : []),
    ...cidrs.flatMap((cidr) => unreached(cidr, outside)),
  ];
}

function unreached(cidr: string, outside: readonly End[]): readonly string[] {
  if (outside.length === 0) return [WITHOUT_HOST];
  if (outside.some(({ address }) => isIn(cidr, address))) return [];
  return [`no address of ${cidr} is among those tried outside the cluster`];
}

function formatLine({ must, from, to, port }: IntentLine): string {
  return `${must === "connect" ? "allow" : "deny"} ${from.text} > ${to.text}${port === undefined ? "" : ` ${port.text}`}`;
}

function isIn(cidr: string, text: string): boolean {
  const [block, address] = [parseCidr(cidr), parseAddress(text)];
  return block !== undefined && address !== undefined && contains(block, address);
}

function nameOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

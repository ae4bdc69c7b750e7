import { contains, formatPorts, type PairExpectation, parseAddress, parseCidr, selects } from "../expectation/index.ts";
import { type Intent, type IntentEnd, type IntentLine, showPlace } from "../snapshot/index.ts";
import { type End, podOf } from "./ends.ts";
import type { PlannedConnection, PlannedRequirement } from "./model.ts";
import { NAME_LABEL } from "./names.ts";
import { type PortOfInterest, PROBED_PROTOCOLS } from "./ports.ts";

/** The lines of an intent, and which pairs and ports each of them speaks of. */
export class Requirements {
  readonly #lines: readonly IntentLine[];
  readonly #namespaceLabels: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly #planned: { ids: Set<string>; open: string[] }[];

  constructor(
    { lines }: Intent,
    namespaces: readonly { readonly name: string; readonly labels: Readonly<Record<string, string>> }[],
  ) {
    this.#lines = lines;
    this.#namespaceLabels = new Map(namespaces.map(({ name, labels }) => [name, { ...labels, [NAME_LABEL]: name }]));
    this.#planned = lines.map(() => ({ ids: new Set(), open: [] }));
  }

  /** Ports that must be among those tried between two ends. */
  portsFor(source: End, destination: End): readonly PortOfInterest[] {
    return this.#about(source, destination).flatMap(({ line }) => portsOf(line, destination));
  }

  /** Takes note of a pair's connections, and of what the policies leave open between its ends on any port. */
  note(
    source: End,
    destination: End,
    { pair, rows }: { pair: PairExpectation; rows: readonly PlannedConnection[] },
  ): void {
    for (const { line, planned } of this.#about(source, destination)) {
      const ports = portsOf(line, destination);
      const own = rows.filter(
        ({ probe }) =>
          line.port === undefined ||
          ports.some(({ protocol, port }) => protocol === probe.protocol && port === probe.port),
      );
      for (const { probe } of own) planned.ids.add(probe.id);
      if (line.must === "not-connect" && line.port === undefined)
        planned.open.push(...openPorts(source, destination, pair));
    }
  }

  planned(): readonly PlannedRequirement[] {
    return this.#lines.map(({ must, from, to, port, place }, index) => ({
      text: `${must === "connect" ? "allow" : "deny"} ${from.text} > ${to.text}${port === undefined ? "" : ` ${port.text}`}`,
      place: showPlace(place),
      must,
      connections: [...(this.#planned[index]?.ids ?? [])],
      openByPolicy: this.#planned[index]?.open ?? [],
    }));
  }

  get ids(): ReadonlySet<string> {
    return new Set(this.#planned.flatMap(({ ids }) => [...ids]));
  }

  #about(source: End, destination: End): { line: IntentLine; planned: { ids: Set<string>; open: string[] } }[] {
    return this.#lines.flatMap((line, index) => {
      const planned = this.#planned[index];
      const isAbout = this.#isMeant(line.from, source) && this.#isMeant(line.to, destination);
      return planned !== undefined && isAbout ? [{ line, planned }] : [];
    });
  }

  #isMeant(wanted: IntentEnd, end: End): boolean {
    const pod = podOf(end);
    switch (wanted.kind) {
      case "workload":
        return pod?.namespace === wanted.namespace && pod.name === wanted.name;
      case "namespace":
        return pod?.namespace === wanted.namespace;
      case "everything":
        return pod !== undefined;
      case "cidr":
        return end.isOutside && isIn(wanted.cidr, end.address);
      case "selectors":
        return (
          pod !== undefined &&
          selects(wanted.podSelector, pod.labels) &&
          selects(wanted.namespaceSelector, this.#namespaceLabels.get(pod.namespace) ?? {})
        );
    }
  }
}

/** Both ends of a range; a name as the destination declares it. */
function portsOf({ port }: IntentLine, destination: End): readonly PortOfInterest[] {
  if (port === undefined) return [];
  if (port.kind === "name") return (podOf(destination)?.ports ?? []).filter(({ name }) => name === port.name);
  return [...new Set([port.from, port.to])].map((number) => ({ protocol: port.protocol, port: number }));
}

function openPorts(source: End, destination: End, { allowed }: PairExpectation): readonly string[] {
  return PROBED_PROTOCOLS.flatMap((protocol) => {
    const ports = formatPorts(allowed[protocol]);
    return ports === "none" ? [] : [`${source.name} > ${destination.name}: the policies allow ${ports}/${protocol}`];
  });
}

function isIn(cidr: string, text: string): boolean {
  const [block, address] = [parseCidr(cidr), parseAddress(text)];
  return block !== undefined && address !== undefined && contains(block, address);
}

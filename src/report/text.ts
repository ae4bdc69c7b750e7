import { printable } from "../errors/index.ts";
import { formatPorts } from "../expectation/index.ts";
import type { Direction } from "../snapshot/index.ts";
import type { Paint } from "./paint.ts";
import type { RecordedClass, RecordedConnection, RunRecord } from "./record.ts";
import { renderMatrix } from "./text-matrix.ts";
import { explainConnection, type Locations, locate } from "./text-reasons.ts";

export interface TextOptions {
  /** Columns of the terminal. */
  readonly width: number;
  readonly paint: Paint;
}

const MOST_WRONG = 20;
const FEW = 3;
const MOST_LISTED = 12;

/** The record for people: first the answer, then what is wrong, then who is isolated from whom. */
export function* renderText(record: RunRecord, { width, paint }: TextOptions): Iterable<string> {
  const locations = locate(record);
  yield* headline(record, paint);
  yield* wrong(record, locations, paint);
  yield* unproven(record, paint);
  yield* requirements(record, paint);
  yield* isolation(record, paint);
  yield* gaps(record, paint);
  yield* realPods(record, paint);
  yield* renderMatrix(record, width, paint);
  yield* warnings(record, paint);
  yield* notTested(record, paint);
  yield* summary(record);
}

function* headline({ outcome, cluster, policies, diagnosis, canary }: RunRecord, paint: Paint): Iterable<string> {
  const where = cluster.kind === "lab" ? "in the embedded lab" : "on this cluster";
  const what = `${policies.length} ${policies.length === 1 ? "policy" : "policies"}`;
  switch (outcome.result) {
    case "proven":
      yield `${paint.good("PROVEN")}: ${what}, every connection as expected ${where}\n`;
      break;
    case "failed":
      yield `${paint.bad("NOT PROVEN")}: ${outcome.reasons[0]} ${where}\n`;
      break;
    case "not-enforced":
      yield `${paint.bad("NOT ENFORCED")}: ${outcome.reasons[0]} (${where}; both canaries got through)\n`;
      break;
    case "inconclusive":
      yield `${paint.unsure("INCONCLUSIVE")}: ${outcome.reasons[0]} ${where}\n`;
      break;
  }
  for (const reason of outcome.reasons.slice(1)) yield `  and: ${printable(reason)}\n`;
  if (diagnosis !== undefined) {
    const where = diagnosis.nodes === undefined ? "" : ` (${diagnosis.nodes.join(", ")})`;
    yield `  diagnosis: ${diagnosis.fault}${where} explains all of it\n`;
  }
  for (const direction of ["ingress", "egress"] as const) {
    const isSaid = outcome.result === "not-enforced" || outcome.reasons.some((reason) => reason.includes(direction));
    if (canary[direction].enforcement === "not-enforced" && !isSaid)
      yield `  ${paint.bad("beware")}: ${direction} is not enforced ${where}; these policies do not depend on it\n`;
  }
  if (cluster.faults !== undefined && cluster.faults.length > 0)
    yield `  the lab was told to be faulty: ${cluster.faults.join(", ")}\n`;
}

function* wrong(record: RunRecord, locations: Locations, paint: Paint): Iterable<string> {
  const bad = tried(record).filter(({ verdict }) => verdict === "leaks" || verdict === "overblocks");
  if (bad.length === 0) return;
  yield `\n${paint.heading("Wrong connections")}\n`;
  // Where nothing is enforced the first few say as much as all of them.
  const most = record.outcome.result === "not-enforced" ? FEW : MOST_WRONG;
  for (const connection of bad.slice(0, most)) {
    const { id, verdict, reason = "" } = connection;
    yield `  ${paint.bad(verdict === "leaks" ? "LEAKS     " : "OVERBLOCKS")} ${printable(`${id}: ${reason}`)}\n`;
    for (const line of explainConnection(connection, record, locations)) yield `             ${printable(line)}\n`;
  }
  if (bad.length > most) yield `  … and ${bad.length - most} more (-o json has all)\n`;
}

function* unproven(record: RunRecord, paint: Paint): Iterable<string> {
  const doubtful = tried(record).filter(({ verdict }) => verdict === "inconclusive");
  if (doubtful.length === 0) return;
  yield `\n${paint.heading("Not judged")}\n`;
  const byReason = new Map<string, string[]>();
  for (const { id, reason = "" } of doubtful) byReason.set(reason, [...(byReason.get(reason) ?? []), id]);
  for (const [reason, ids] of [...byReason].slice(0, MOST_LISTED)) {
    yield `  ${ids.length} × ${printable(reason)}, such as ${ids[0]}\n`;
  }
  if (byReason.size > MOST_LISTED) yield `  … and ${byReason.size - MOST_LISTED} other reasons\n`;
}

function* requirements({ requirements: all }: RunRecord, paint: Paint): Iterable<string> {
  if (all.length === 0) return;
  yield `\n${paint.heading("Requirements")}\n`;
  for (const { text, place, result, reasons } of all) {
    const word =
      result === "met"
        ? paint.good("met     ")
        : result === "violated"
          ? paint.bad("VIOLATED")
          : paint.unsure("unproven");
    yield `  ${word} ${printable(text)} (${place})\n`;
    for (const reason of reasons.slice(0, 3)) yield `           ${printable(reason)}\n`;
    if (reasons.length > 3) yield `           … and ${reasons.length - 3} more\n`;
  }
}

/** Who is isolated from whom: for each isolated pod who may still reach it, and whom it may reach. */
function* isolation(record: RunRecord, paint: Paint): Iterable<string> {
  const isolated = record.classes.filter((pod) => pod.isolated.length > 0 && isOfInterest(pod, record));
  if (isolated.length === 0) return;
  yield `\n${paint.heading("Isolated")}\n`;
  for (const pod of isolated) {
    const { id, isolated: directions, role, why } = pod;
    yield `  ${id}${role === "workload" ? "" : `  (stand-in: ${printable(why)})`}\n`;
    if (directions.includes("ingress")) yield `    from ${peers(record, pod, "ingress")}\n`;
    if (directions.includes("egress")) yield `    to   ${peers(record, pod, "egress")}\n`;
  }
  const open = record.classes
    .filter((pod) => pod.isolated.length === 0 && isOfInterest(pod, record))
    .map(({ id }) => id);
  if (open.length > 0) yield `${paint.heading("Open in both directions")}\n  ${listed(open)}\n`;
}

/** Workloads where the files have any; else those that stand in for what the policies select. */
function isOfInterest({ role }: RecordedClass, { classes }: RunRecord): boolean {
  return classes.some((pod) => pod.role === "workload") ? role === "workload" : role === "selected";
}

function peers({ pairs, classes }: RunRecord, { id, ipBlocks }: RecordedClass, direction: Direction): string {
  const [own, other] =
    direction === "ingress" ? (["destination", "source"] as const) : (["source", "destination"] as const);
  const byPorts = new Map<string, string[]>();
  const relevant = pairs.filter((pair) => pair[own] === id);
  for (const pair of relevant) {
    const ports = formatAllowed(pair.allowed);
    if (ports !== "") byPorts.set(ports, [...(byPorts.get(ports) ?? []), pair[other]]);
  }
  const roles = new Map(classes.map((pod) => [pod.id, pod.role]));
  const all = relevant.map((pair) => pair[other]);
  const parts = [...byPorts].map(([ports, names]) => `${whoAmong(all, names, roles)} ${ports}`);
  // Of an address that no host of the run has, only the policies speak.
  const blocks = ipBlocks?.[direction] ?? [];
  if (blocks.length > 0) parts.push(`addresses in ${listed(blocks)}`);
  return parts.length === 0 ? "nobody" : parts.join("; ");
}

/** Names that are no pod's are of hosts outside the cluster. */
function whoAmong(
  all: readonly string[],
  names: readonly string[],
  roles: ReadonlyMap<string, RecordedClass["role"]>,
): string {
  const isPod = (name: string): boolean => roles.has(name);
  if (names.length === all.length && !all.every(isPod)) return "everybody";
  const pods = names.filter(isPod);
  if (pods.length > 0 && pods.length === all.filter(isPod).length) return "every pod";
  const workloads = pods.filter((name) => roles.get(name) === "workload");
  return listed(workloads.length > 0 ? workloads : names);
}

function formatAllowed(allowed: RunRecord["pairs"][number]["allowed"]): string {
  const all = (["TCP", "UDP", "SCTP"] as const).every((protocol) => formatPorts(allowed[protocol]) === "all");
  if (all) return "on all ports";
  const parts = (["TCP", "UDP"] as const).flatMap((protocol) => {
    const ports = formatPorts(allowed[protocol]);
    return ports === "none" ? [] : [`${ports}/${protocol}`];
  });
  return parts.length === 0 ? "" : `on ${parts.join(", ")}`;
}

function* gaps({ classes, gaps: found }: RunRecord, paint: Paint): Iterable<string> {
  if (!classes.some(({ role }) => role === "workload")) return;
  if (found.unselectedWorkloads.length > 0) {
    yield `\n${paint.heading("Workloads that no policy selects")}\n  ${listed(found.unselectedWorkloads)}\n`;
  }
  if (found.deadSelectors.length === 0) return;
  yield `\n${paint.heading("Selectors that select no workload of the files")}\n`;
  for (const selector of found.deadSelectors.slice(0, MOST_LISTED)) yield `  ${printable(selector)}\n`;
  if (found.deadSelectors.length > MOST_LISTED) yield `  … and ${found.deadSelectors.length - MOST_LISTED} more\n`;
}

/** What the selectors match in the cluster as it is: one that matches nothing is perhaps misspelt. */
function* realPods({ realPods: all = [] }: RunRecord, paint: Paint): Iterable<string> {
  if (all.length === 0) return;
  yield `\n${paint.heading("Pods of this cluster that the selectors match")}\n`;
  const byPolicy = new Map<string, string[]>();
  for (const { policy, peer, pods } of all) {
    const what =
      peer === undefined ? `selects ${pods}` : `${peer.direction} rule ${peer.rule} peer ${peer.peer} means ${pods}`;
    byPolicy.set(policy, [...(byPolicy.get(policy) ?? []), what]);
  }
  for (const [policy, parts] of [...byPolicy].slice(0, MOST_LISTED)) {
    yield `  ${printable(policy)} ${parts.join(", ")}\n`;
  }
  if (byPolicy.size > MOST_LISTED) yield `  … and ${byPolicy.size - MOST_LISTED} more policies\n`;
}

function* warnings({ warnings: all }: RunRecord, paint: Paint): Iterable<string> {
  if (all.length === 0) return;
  yield `\n${paint.heading("Accepted, but perhaps not meant")}\n`;
  for (const warning of all.slice(0, MOST_LISTED)) yield `  ${printable(warning)}\n`;
  if (all.length > MOST_LISTED) yield `  … and ${all.length - MOST_LISTED} more\n`;
}

function* notTested({ notTested: all }: RunRecord, paint: Paint): Iterable<string> {
  if (all.length === 0) return;
  yield `\n${paint.heading("Not tested")}\n`;
  for (const { what, reason } of all.slice(0, MOST_LISTED)) yield `  ${printable(what)}: ${printable(reason)}\n`;
  if (all.length > MOST_LISTED) yield `  … and ${all.length - MOST_LISTED} more\n`;
}

function* summary(record: RunRecord): Iterable<string> {
  const { outcome, run, convergence, adequacy, classes, cluster } = record;
  const { conforms, leaks, overblocks, inconclusive, unspecified } = outcome.counts;
  const seconds = (Date.parse(run.finishedAt) - Date.parse(run.startedAt)) / 1000;
  const denied = tried(record).filter(({ expectation }) => expectation === "deny").length;
  const total = conforms + leaks + overblocks + inconclusive + unspecified;
  yield `\n${total} connections between ${classes.length} pods, ${denied} of them denied: `;
  yield `${conforms} as expected, ${leaks} leak, ${overblocks} overblocked, ${inconclusive} not judged, ${unspecified} left open by the API\n`;
  const unseen = adequacy.filter(({ witnesses }) => witnesses === 0).map(({ fault }) => fault);
  if (unseen.length > 0) yield `This run could not have shown: ${unseen.join(", ")}\n`;
  const effect =
    convergence?.stableMs === undefined
      ? ""
      : `; policies in effect ${Math.round(convergence.stableMs)} ms after they were applied`;
  const steps = Object.entries(run.timings).map(([step, ms]) => `${step} ${(ms / 1000).toFixed(1)}`);
  yield `${seconds.toFixed(1)} s (${steps.join(", ")})${effect}\n`;
  if (cluster.kind === "lab")
    yield "A proof in the lab is a proof about these policies, not about your cluster's network plugin\n";
}

function tried({ connections }: RunRecord): readonly RecordedConnection[] {
  return connections.filter(({ purpose }) => purpose === "policies");
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_LISTED).join(", ");
  return names.length > MOST_LISTED ? `${shown} and ${names.length - MOST_LISTED} more` : shown;
}

import untyped, { type Builder, type TestSuite } from "junit-report-builder";
import { printable } from "../errors/index.ts";
import type { RecordedConnection, RunRecord } from "./record.ts";
import { explainConnection, locate } from "./text-reasons.ts";

/** Its types speak of an ES module, and what Node gives is the builder itself. */
const junit = untyped as unknown as Builder;

/** Suites beside those of the policies. */
const REQUIREMENTS = "requirements";
const RUN = "run";
const NOT_ISOLATED = "not isolated";

/**
 * The record as JUnit XML: a suite for each policy, with the connections that it decides. Names are those of the record,
 * so they are unique and the same from run to run. What could not be judged is an error, what is left open is skipped.
 */
export function renderJunit(record: RunRecord): string {
  const builder = junit.newBuilder().name("netproof");
  for (const [policy, connections] of bySuite(record)) addPolicy(builder, record, { policy, connections });
  addRequirements(builder, record);
  addRun(builder, record);
  return builder.build();
}

/** For a run that never came to a record: one case that errs, so that a pipeline sees a report and not an absence. */
export function renderJunitFailure(message: string, at: { readonly time: string }): string {
  const builder = junit.newBuilder().name("netproof");
  const suite = builder.testSuite().name(RUN).timestamp(at.time).time(0);
  const [first = ""] = message.split("\n");
  suite
    .testCase()
    .className(RUN)
    .name("set-up")
    .time(0)
    .error(printable(first), "environment", printable(message, 10_000));
  return builder.build();
}

/** Each connection once: with the first policy that denies it, or that allows it, or with those that nobody isolates. */
function bySuite(record: RunRecord): ReadonlyMap<string, readonly RecordedConnection[]> {
  const suites = new Map<string, RecordedConnection[]>();
  for (const { namespace, name } of record.policies) suites.set(`${namespace}/${name}`, []);
  for (const connection of record.connections) {
    if (connection.purpose !== "policies") continue;
    const suite = suiteOf(connection, record);
    const own = suites.get(suite);
    if (own === undefined) suites.set(suite, [connection]);
    else own.push(connection);
  }
  return suites;
}

function suiteOf({ decision, deniedBy }: RecordedConnection, { decisions }: RunRecord): string {
  const decided = decisions[decision];
  const directions = deniedBy ?? (["ingress", "egress"] as const);
  for (const direction of directions) {
    const side = decided?.[direction];
    if (side?.kind !== "isolated") continue;
    const policy = side.allows[0]?.policy ?? side.by[0];
    if (policy !== undefined) return `${policy.namespace}/${policy.name}`;
  }
  return NOT_ISOLATED;
}

function addPolicy(
  builder: Builder,
  record: RunRecord,
  { policy, connections }: { policy: string; connections: readonly RecordedConnection[] },
): void {
  const suite = newSuite(builder, record, { name: policy, seconds: sum(connections.map(secondsOf)) });
  const locations = locate(record);
  const place = locations.get(policy);
  if (place?.file !== undefined) suite.property("file", `${place.file}:${place.line}`);
  if (place !== undefined) suite.property("digest", place.digest);
  for (const connection of connections) {
    const { id, verdict, reason = "", expectation } = connection;
    const item = suite.testCase().className(policy).name(id).time(secondsOf(connection));
    const why = [...explainConnection(connection, record, locations)].join("\n");
    const body =
      printable(`${id}: expected ${expectation}, ${verdict}: ${reason}`) + (why === "" ? "" : `\n${lines(why)}`);
    if (verdict === "leaks" || verdict === "overblocks") item.failure(printable(reason), verdict).stacktrace(body);
    else if (verdict === "inconclusive") item.error(printable(reason), verdict, body);
    else if (verdict === "unspecified") item.skipped().standardOutput(body);
  }
}

function addRequirements(builder: Builder, record: RunRecord): void {
  if (record.requirements.length === 0) return;
  const suite = newSuite(builder, record, { name: REQUIREMENTS, seconds: 0 });
  for (const { text, place, result, reasons } of record.requirements) {
    const item = suite.testCase().className(REQUIREMENTS).name(`${text} (${place})`).time(0);
    const body = lines(reasons.join("\n"));
    if (result === "violated") item.failure(printable(reasons[0] ?? ""), result).stacktrace(body);
    else if (result === "unproven") item.error(printable(reasons[0] ?? ""), result, body);
  }
}

/** The run as a whole: what keeps it from being proven beyond single connections, and its facts as properties. */
function addRun(builder: Builder, record: RunRecord): void {
  const { outcome, run, cluster, canary, diagnosis } = record;
  const suite = newSuite(builder, record, { name: RUN, seconds: 0 });
  suite
    .property("run", run.id)
    .property("tool", run.tool.version)
    .property("cluster", `${cluster.kind} ${cluster.version}`);
  suite.property("result", outcome.result).property("exitCode", String(outcome.exitCode));
  for (const direction of ["ingress", "egress"] as const)
    suite.property(`canary.${direction}`, canary[direction].enforcement);
  if (diagnosis !== undefined) suite.property("diagnosis", [diagnosis.fault, ...(diagnosis.nodes ?? [])].join(" "));
  const item = suite.testCase().className(RUN).name("outcome").time(0);
  const body = lines(outcome.reasons.join("\n"));
  const [first = outcome.result] = outcome.reasons;
  if (outcome.result === "inconclusive") item.error(printable(first), outcome.result, body);
  else if (outcome.result !== "proven") item.failure(printable(first), outcome.result).stacktrace(body);
}

function newSuite(
  builder: Builder,
  { run }: RunRecord,
  { name, seconds }: { name: string; seconds: number },
): TestSuite {
  return builder.testSuite().name(name).timestamp(run.startedAt).time(seconds);
}

/** From the first attempt under the policies to the last. */
function secondsOf({ phases: { enforced } }: RecordedConnection): number {
  if (enforced === undefined) return 0;
  return (Date.parse(enforced.lastAt) - Date.parse(enforced.firstAt)) / 1000;
}

function sum(numbers: readonly number[]): number {
  return Math.round(numbers.reduce((all, own) => all + own, 0) * 1000) / 1000;
}

function lines(text: string): string {
  return text
    .split("\n")
    .map((line) => printable(line))
    .join("\n");
}

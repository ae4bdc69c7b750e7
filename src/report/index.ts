// In: a run with its plan, phases and verdicts.
// Out: the run record, and the reports that render from it, in chunks.
// Not here: writing files or to a terminal (cli/), and any judgement (verdict/).

export { buildRecord, type RunFacts } from "./build-record.ts";
export { renderJson } from "./json.ts";
export { renderJunit, renderJunitFailure } from "./junit.ts";
export type { Paint } from "./paint.ts";
export type { RecordedConnection, RecordedPolicy, RunRecord } from "./record.ts";
export { renderText, type TextOptions } from "./text.ts";

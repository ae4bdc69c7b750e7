// In: what the policies lead to expect, and what was seen in each phase. Out: a verdict for every connection, for the
// canary, for the user's requirements, and for the run as a whole, with its exit code.
// Not here: trying anything again, reading a clock, or rendering (report/). An absent observation is never a pass.
export type { CanaryVerdict, Enforcement } from "./canary.ts";
export type { Verdict } from "./cell.ts";
export { type JudgedConnection, PHASES, type PhaseName, type Phases } from "./connection.ts";
export type { Diagnosis } from "./diagnosis.ts";
export {
  addedFindings,
  changedFindings,
  changedPolicies,
  foreignFindings,
  lostFindings,
  occupiedFindings,
  storedFindings,
} from "./findings.ts";
export { type Counts, type JudgedProof, judgeProof, type Outcome } from "./outcome.ts";
export type { JudgedRequirement } from "./requirements.ts";
export type { Seen } from "./seen.ts";

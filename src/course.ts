import { isUserError } from "./errors/index.ts";
import type { ForeignPolicies, Json, Stage } from "./kubernetes/index.ts";
import {
  type Clock,
  expectedWishes,
  heralds,
  type Observer,
  openWishes,
  type PhaseObservation,
  type Progress,
  SLOWEST,
  type Stopwatch,
  type Wanted,
} from "./observation/index.ts";
import type { ForeignPolicy, ProofPlan } from "./plan/index.ts";
import type { NetworkPolicy } from "./snapshot/index.ts";
import { changedPolicies, type Phases } from "./verdict/index.ts";

export interface Experiment {
  readonly stage: Stage;
  readonly observer: Observer;
  readonly plan: ProofPlan;
  readonly policies: readonly Json[];
}

export interface CourseOptions {
  readonly clock: Clock;
  readonly watch: Stopwatch;
  readonly onProgress: (step: string, done?: number, total?: number) => void;
}

/** What was seen in the three phases, and what lay in the cluster meanwhile. */
export interface Course extends Phases {
  readonly stored: readonly NetworkPolicy[];
  /** What policies of others were there after the enforced phase, and after the restored one. */
  readonly foreign: readonly ForeignPolicies[];
  /** The run's own that were not what they should have been at the end of the enforced phase. */
  readonly changed: readonly ForeignPolicy[];
  /** When the API server had taken the last of the policies. */
  readonly appliedAt?: number;
  readonly enforcedUntil?: number;
  /** Why it ended before its end. */
  readonly broken?: string;
}

/** The three phases. Where the cluster fails on the way, what was seen until then is kept and judged. */
export async function runPhases(
  { stage, observer, plan, policies }: Experiment,
  { clock, onProgress, watch }: CourseOptions,
  signal: AbortSignal,
): Promise<Course> {
  const course: { -readonly [Key in keyof Course]: Course[Key] } = { stored: [], foreign: [], changed: [] };
  const report = (step: string) => ({
    onProgress: ({ settled, total }: Progress): void => onProgress(step, settled, total),
  });
  const open = openWishes(plan);
  try {
    course.baseline = await observer.observe({ wanted: open, until: "success", ...report("baseline") }, signal);
    watch.lap("baseline");
    onProgress("applying policies");
    course.stored = await stage.applyPolicies(policies, signal);
    const isUsable = usableRows(course.baseline);
    course.appliedAt = clock.now();
    const wanted = expectedWishes(plan).filter(isUsable);
    const enforced = { wanted, heralds: heralds(plan), until: "stability", ...report("enforced") } as const;
    course.enforced = await observer.observe(enforced, signal);
    course.enforcedUntil = clock.now();
    watch.lap("enforced");
    const during = await stage.foreignPolicies(signal);
    if (during !== undefined) {
      course.foreign = [during];
      course.changed = changedPolicies(course.stored, during.own);
    }
    onProgress("removing policies");
    await stage.removePolicies(policies, signal);
    // Only a cluster that never takes them out again costs the whole of it.
    const patient = { wanted: open.filter(isUsable), until: "success", deadlines: SLOWEST } as const;
    course.restored = await observer.observe({ ...patient, ...report("restored") }, signal);
    watch.lap("restored");
    const after = await stage.foreignPolicies(signal);
    if (after !== undefined) course.foreign = [...course.foreign, after];
  } catch (error) {
    signal.throwIfAborted();
    if (!isUserError(error)) throw error;
    course.broken = error.message;
  }
  return course;
}

/** What did not connect without policies can show nothing, and is waited for no longer. */
function usableRows({ traces }: PhaseObservation): (wanted: Wanted) => boolean {
  const dead = new Set(traces.filter(({ settledAt }) => settledAt === undefined).map(({ probe }) => probe.id));
  return ({ probe }) => !dead.has(probe.id);
}

// In: connections to try, what each phase wishes of them, and open channels to agents. Out: every attempt with its time
// and outcome, and the controls without which a block means nothing.
// Not here: opening channels (kubernetes/), what the policies say, and judging: nothing seen is dropped or decided upon.
export { Agent, type AgentChannel, type AgentOptions } from "./agent.ts";
export { type Clock, Stopwatch } from "./clock.ts";
export {
  type Attempt,
  type Identity,
  listenerName,
  listenersOf,
  type Outcome,
  type PhaseObservation,
  type ProbeTrace,
  type Round,
  type Wish,
} from "./model.ts";
export { Observer, type Timing } from "./observe.ts";
export { type PhaseWish, type Progress, SLOWEST } from "./phase.ts";
export { SourcePorts } from "./source-ports.ts";
export type { Wanted } from "./trace.ts";
export { holds, isSilence } from "./trace.ts";
export { expectedWishes, heralds, openWishes } from "./wishes.ts";

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startProbeLoop } from "./probe-loop.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const SPEC = {
  port: 1,
  initialDelayMs: 0,
  periodMs: 10_000,
  timeoutMs: 1000,
  successThreshold: 1,
  failureThreshold: 3,
};

/** Probes at a fake clock; gives the times of the probes and the verdicts. */
async function play(answers: readonly (boolean | undefined)[], spec = SPEC) {
  const began = Date.now();
  const times: number[] = [];
  const verdicts: boolean[] = [];
  const loop = startProbeLoop({
    spec,
    random: () => 0,
    onVerdict: (isGood) => verdicts.push(isGood),
    probe: async () => {
      times.push(Date.now() - began);
      return answers[times.length - 1];
    },
  });
  while (times.length < answers.length) await vi.advanceTimersToNextTimerAsync();
  loop.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  return { times, verdicts };
}

test("a probe starts at once, and after its first success goes on in its period", async () => {
  expect(await play([true, true, true])).toEqual({ times: [0, 5000, 15_000], verdicts: [true] });
});

test("a container that is not up yet is probed again soon, and that counts for nothing", async () => {
  expect(await play([false, undefined, true, true])).toEqual({ times: [0, 20, 60, 5060], verdicts: [true] });
});

test("failures count in the rhythm of the period, and verdicts repeat while they last", async () => {
  const never = await play(Array.from({ length: 12 }, () => false));
  expect(never.times.slice(4)).toEqual([300, 620, 10_620, 20_620, 30_620, 40_620, 50_620, 60_620]);
  expect(never.verdicts).toEqual([false, false]);
});

test("fewer failures in a row than the threshold are no verdict", async () => {
  expect((await play([true, false, false, true, false, false, false, true])).verdicts).toEqual([
    true,
    true,
    false,
    true,
  ]);
});

test("what could not be tried counts neither way", async () => {
  expect((await play([true, false, undefined, false, undefined, false])).verdicts).toEqual([true, false]);
});

test("the spec may ask for patience and for more than one success", async () => {
  const patient = { ...SPEC, initialDelayMs: 3000, successThreshold: 2 };
  expect(await play([true, true], patient)).toEqual({ times: [3000, 8000], verdicts: [true] });
});

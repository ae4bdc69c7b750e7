import { expect } from "vitest";
import type { RunRecord } from "../../src/report/index.ts";
import { netproof } from "../testing/netproof.ts";
import type { RandomSet } from "./random-set.ts";

export const SET_FAULTS = ["nothing-enforced", "ingress-not-enforced", "egress-not-enforced"] as const;
export type SetFault = (typeof SET_FAULTS)[number];

/** Proves a random set on a faithful lab: no false alarm, and nothing left unjudged. */
export async function proveFaithfully(set: RandomSet): Promise<RunRecord> {
  const { record, code, stderr } = await prove(set, []);
  const wrong = record.connections.filter(({ verdict }) => verdict !== "conforms" && verdict !== "unspecified");
  expect(wrong.slice(0, 3), `seed ${set.seed}\n${stderr}`).toEqual([]);
  expect(code, `seed ${set.seed}: ${record.outcome.reasons.join("; ")}`).toBe(0);
  return record;
}

/** A faulty lab is caught exactly where the set can expose the fault. */
export async function catchFault(set: RandomSet, fault: SetFault): Promise<void> {
  // Of a cluster as a whole nothing is said sooner.
  const seconds = fault === "nothing-enforced" ? "5" : "2";
  const { record, code } = await prove(set, ["--lab-fault", fault, "--timeout", seconds]);
  const witnesses = record.adequacy.find((entry) => entry.fault === fault)?.witnesses ?? 0;
  const expected = fault === "nothing-enforced" ? 4 : witnesses > 0 ? 1 : 0;
  expect(code, `seed ${set.seed} with ${fault}: ${record.outcome.reasons.join("; ")}`).toBe(expected);
  if (witnesses > 0) expect(record.diagnosis, `seed ${set.seed}`).toEqual({ fault: expect.any(String) });
}

async function prove(
  set: RandomSet,
  flags: readonly string[],
): Promise<{ record: RunRecord; code: number | null; stderr: string }> {
  const ended = await netproof(["prove", "-f", "-", "--lab", "-o", "json", ...flags], { stdin: set.text });
  if (ended.stdout === "") throw new Error(`seed ${set.seed} left no record, exit ${ended.code}: ${ended.stderr}`);
  return { record: JSON.parse(ended.stdout), code: ended.code, stderr: ended.stderr };
}

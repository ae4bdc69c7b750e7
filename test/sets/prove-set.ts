import { expect } from "vitest";
import { SEMANTIC_FAULTS, type SemanticFault } from "../../src/expectation/index.ts";
import type { RunRecord } from "../../src/report/index.ts";
import { netproof } from "../testing/netproof.ts";
import type { RandomSet } from "./random-set.ts";

/** Those that show over IPv4, one for each set in turn. */
const SET_FAULTS = SEMANTIC_FAULTS.filter((fault) => fault !== "ipv6-not-enforced");

export interface FaultySet {
  readonly set: RandomSet;
  readonly seed: number;
  readonly fault: SemanticFault;
}

export function withFaults(sets: readonly RandomSet[]): readonly FaultySet[] {
  return sets.map((set, index) => {
    const fault = SET_FAULTS[index % SET_FAULTS.length] ?? "nothing-enforced";
    return { set, seed: set.seed, fault };
  });
}

/** Proves a random set on a faithful lab: no false alarm, and nothing left unjudged. */
export async function proveFaithfully(set: RandomSet): Promise<RunRecord> {
  const { record, code, stderr } = await prove(set, []);
  const wrong = record.connections.filter(({ verdict }) => verdict !== "conforms" && verdict !== "unspecified");
  expect(wrong.slice(0, 3), `seed ${set.seed}\n${stderr}`).toEqual([]);
  expect(code, `seed ${set.seed}: ${record.outcome.reasons.join("; ")}`).toBe(0);
  return record;
}

/** A faulty lab is caught exactly where the set can expose the fault. */
export async function catchFault({ set, fault }: FaultySet): Promise<void> {
  // Of a cluster as a whole nothing is said sooner.
  const seconds = fault === "nothing-enforced" ? "5" : "2";
  const { record, code } = await prove(set, ["--lab-fault", fault, "--timeout", seconds]);
  const witnesses = record.adequacy.find((entry) => entry.fault === fault)?.witnesses ?? 0;
  const expected = fault === "nothing-enforced" ? 4 : witnesses > 0 ? 1 : 0;
  expect(code, `seed ${set.seed} with ${fault}: ${record.outcome.reasons.join("; ")}`).toBe(expected);
  if (witnesses > 0) expect(record.diagnosis, `seed ${set.seed}`).toEqual({ fault: expect.any(String) });
}

/** One packet in a hundred is lost: what cannot be shown then is not judged, and nothing is wrong. */
export async function proveUnderLoss(set: RandomSet): Promise<RunRecord> {
  const { record } = await prove(set, ["--lab-fault", "packet-loss"]);
  const wrong = record.connections.filter(({ verdict }) => verdict === "leaks" || verdict === "overblocks");
  expect(wrong.slice(0, 3), `seed ${set.seed}`).toEqual([]);
  return record;
}

async function prove(
  set: RandomSet,
  flags: readonly string[],
): Promise<{ record: RunRecord; code: number | null; stderr: string }> {
  const ended = await netproof(["prove", "-f", "-", "--lab", "-o", "json", ...flags], { stdin: set.text });
  if (ended.stdout === "") throw new Error(`seed ${set.seed} left no record, exit ${ended.code}: ${ended.stderr}`);
  return { record: JSON.parse(ended.stdout), code: ended.code, stderr: ended.stderr };
}

import { afterAll, describe, expect, it } from "vitest";
import { labReason } from "../testing/lab.ts";
import { catchFault, proveFaithfully, SET_FAULTS } from "./prove-set.ts";
import { CLAUSES, NOT_COVERED } from "./random-set.ts";
import { suitableSets } from "./suitable-sets.ts";

const SEED = Number(process.env.SEED ?? 1);
const COUNT = Number(process.env.SETS ?? 100);
const LEAST_TIMES = COUNT / 5;
const sets = suitableSets(COUNT, SEED);
const totals = { connections: 0, denied: 0, allowed: 0, unspecified: 0 };

it("every clause stands in at least a fifth of the sets", () => {
  const counts = CLAUSES.map((clause) => ({ clause, sets: sets.filter((set) => set.clauses.has(clause)).length }));
  for (const { clause, sets: number } of counts) console.log(`${String(number).padStart(4)} ${clause}`);
  for (const clause of NOT_COVERED) console.log(`   - ${clause}`);
  expect(counts.filter(({ sets: number }) => number < LEAST_TIMES)).toEqual([]);
});

describe.skipIf(labReason)(
  `${COUNT} random sets of policies, from seed ${SEED}${labReason ?? ""}`,
  { concurrent: true },
  () => {
    it.each(sets)("are proven on a faithful lab: seed $seed", async (set) => {
      const { connections } = await proveFaithfully(set);
      const tried = connections.filter(({ purpose }) => purpose === "policies");
      totals.connections += tried.length;
      totals.denied += tried.filter(({ expectation }) => expectation === "deny").length;
      totals.allowed += tried.filter(({ expectation }) => expectation === "allow").length;
      totals.unspecified += tried.filter(({ expectation }) => expectation === "unspecified").length;
    });

    for (const fault of SET_FAULTS) {
      it.each(sets)(`show ${fault} where they can: seed $seed`, async (set) => {
        await catchFault(set, fault);
      });
    }
  },
);

afterAll(() => console.log(`faithful lab: ${JSON.stringify(totals)}`));

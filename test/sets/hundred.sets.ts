import { afterAll, describe, expect, it } from "vitest";
import { labReason } from "../testing/lab.ts";
import { catchFault, proveFaithfully, proveUnderLoss, withFaults } from "./prove-set.ts";
import { CLAUSES, NOT_COVERED } from "./random-set.ts";
import { suitableSets } from "./suitable-sets.ts";

const SEED = Number(process.env.SEED ?? 1);
const COUNT = Number(process.env.SETS ?? 100);
const LEAST_TIMES = COUNT / 5;
const sets = suitableSets(COUNT, SEED);
const results = { proven: 0, failed: 0, inconclusive: 0, "not-enforced": 0 };
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

    it.each(withFaults(sets))("show $fault where they can: seed $seed", async (set) => {
      await catchFault(set);
    });

    it.each(sets)("are wrong nowhere where packets are lost: seed $seed", async (set) => {
      const { outcome } = await proveUnderLoss(set);
      results[outcome.result] += 1;
    });
  },
);

afterAll(() => {
  console.log(`faithful lab: ${JSON.stringify(totals)}`);
  console.log(`with packets lost: ${JSON.stringify(results)}`);
});

import { describe, it } from "vitest";
import { catchFault, proveFaithfully, withFaults } from "./sets/prove-set.ts";
import { suitableSets } from "./sets/suitable-sets.ts";
import { labReason } from "./testing/lab.ts";

/** Ten of the random sets; `npm run test:sets` takes a hundred. Any other ten: SEED=… npm test. */
const SEED = Number(process.env.SEED ?? 1);
const sets = suitableSets(10, SEED);

describe.skipIf(labReason)(`random sets of policies, from seed ${SEED}${labReason ?? ""}`, { concurrent: true }, () => {
  it.each(sets)("are proven on a faithful lab: seed $seed", async (set) => {
    await proveFaithfully(set);
  });

  it.each(withFaults(sets))("show $fault where they can: seed $seed", async (set) => {
    await catchFault(set);
  });
});

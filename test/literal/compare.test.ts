import fc from "fast-check";
import { expect, test } from "vitest";
import { SEMANTIC_FAULTS } from "../../src/expectation/index.ts";
import { arbitraryCluster } from "./arbitrary-cluster.ts";
import { findDifference } from "./both-readings.ts";

const RUNS = Number(process.env.NETPROOF_PROPERTY_RUNS ?? 2_000);

test("the engine and the literal reading agree on every connection of a random cluster", { timeout: 600_000 }, () => {
  fc.assert(
    fc.property(arbitraryCluster, (cluster) => {
      expect(findDifference(cluster)).toBeUndefined();
    }),
    { numRuns: RUNS },
  );
});

test.each(SEMANTIC_FAULTS)(
  "the engine and the literal reading agree under the fault %s",
  { timeout: 600_000 },
  (fault) => {
    fc.assert(
      fc.property(arbitraryCluster, (cluster) => {
        expect(findDifference(cluster, fault)).toBeUndefined();
      }),
      { numRuns: Math.ceil(RUNS / 40) },
    );
  },
);

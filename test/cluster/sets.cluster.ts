import { afterAll, describe, expect, inject, it } from "vitest";
import { parseAllDocuments } from "yaml";
import type { RunRecord } from "../../src/report/index.ts";
import { suitableSets } from "../sets/suitable-sets.ts";
import { netproof } from "../testing/netproof.ts";
import { IMAGE } from "./testing/cluster.ts";

const SEED = Number(process.env.SEED ?? 1);
const COUNT = Number(process.env.SETS ?? 2);
const isEnforced = inject("enforcement") === "enforced";
const totals = { connections: 0, denied: 0, allowed: 0, unspecified: 0, seconds: [] as number[] };

const isCilium = process.env.NETPROOF_CLUSTER_NETWORK?.startsWith("cilium") === true;

/** Cilium enforces rules of a direction that `policyTypes` does not name (docs/plugins.md): such sets are not for it. */
function isNamed(text: string): boolean {
  return parseAllDocuments(text).every((document) => {
    const { policyTypes = [], ingress = [], egress = [] } = document.toJS()?.spec ?? {};
    if (policyTypes.length === 0) return true;
    return (
      (ingress.length === 0 || policyTypes.includes("Ingress")) &&
      (egress.length === 0 || policyTypes.includes("Egress"))
    );
  });
}

describe(`${COUNT} random sets of policies, from seed ${SEED}`, () => {
  it.each(suitableSets(COUNT, SEED, ({ text }) => !isCilium || isNamed(text)))(
    "raise no false alarm: seed $seed",
    async (set) => {
      const began = Date.now();
      const { code, stdout, stderr } = await netproof(["prove", "-f", "-", "--probe-image", IMAGE, "-o", "json"], {
        stdin: set.text,
      });
      totals.seconds.push((Date.now() - began) / 1000);
      if (stdout === "") throw new Error(`seed ${set.seed} left no record, exit ${code}: ${stderr}`);
      const record: RunRecord = JSON.parse(stdout);
      const tried = record.connections.filter(({ purpose }) => purpose === "policies");
      totals.connections += tried.length;
      for (const { expectation } of tried) {
        totals[expectation === "deny" ? "denied" : expectation === "allow" ? "allowed" : "unspecified"] += 1;
      }
      if (isEnforced) {
        const wrong = record.connections.filter(({ verdict }) => verdict !== "conforms" && verdict !== "unspecified");
        expect(wrong.slice(0, 3), `seed ${set.seed}\n${stderr}`).toEqual([]);
      }
      expect(code, `seed ${set.seed}: ${record.outcome.reasons.join("; ")}`).toBe(isEnforced ? 0 : 4);
    },
  );
});

afterAll(() => console.log(`random sets: ${JSON.stringify(totals)}`));

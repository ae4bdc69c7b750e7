import { type RandomSet, randomSet } from "./random-set.ts";
import { pairShares } from "./shares.ts";

const LEAST_SHARE = 0.2;

/** The first sets from a seed on in which at least a fifth of the pairs is denied and a fifth allowed, and that are accepted. */
export function suitableSets(
  count: number,
  seed: number,
  accepts: (set: RandomSet) => boolean = () => true,
): readonly RandomSet[] {
  const sets: RandomSet[] = [];
  for (let next = seed; sets.length < count; next++) {
    const set = randomSet(next);
    const { denied, allowed } = pairShares(set.text);
    if (denied >= LEAST_SHARE && allowed >= LEAST_SHARE && accepts(set)) sets.push(set);
  }
  return sets;
}

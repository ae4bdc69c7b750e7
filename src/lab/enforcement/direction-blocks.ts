import { chainBlock, comment } from "../nft-text.ts";
import { FAMILIES, NFT_ADDRESS, NFT_HEADER } from "./addresses.ts";
import { crossProduct } from "./matches.ts";
import { peerMatches } from "./peer-matches.ts";
import type { PolicyPod } from "./pods.ts";
import type { Direction, Policy } from "./policies.ts";
import { portMatches } from "./port-matches.ts";
import { type Denial, verdictMap } from "./ruleset.ts";
import type { Surroundings } from "./surroundings.ts";

interface Rules {
  readonly policies: readonly Policy[];
  readonly surroundings: Surroundings;
  readonly denial: Denial;
}

/** Pods to which the same policies apply; at least one does. */
interface Group {
  readonly chain: string;
  readonly policies: readonly Policy[];
  readonly pods: readonly PolicyPod[];
}

/** The side of the packet on which the pod is that the policy applies to. */
const SUBJECT_FIELD = { egress: "saddr", ingress: "daddr" } as const satisfies Record<Direction, string>;
const PRIORITY = { egress: "filter", ingress: "filter + 1" } as const satisfies Record<Direction, string>;

/**
 * Each direction is a base chain of its own. `accept` ends only one of them, so a packet has to pass both: the source's
 * egress and the destination's ingress. A verdict map leads from the pod's address to the chain of its group, which
 * jumps to each policy's chain and then denies. Whatever the number of pods, a packet sees only its own pod's policies.
 */
export function directionBlocks(direction: Direction, subjects: readonly PolicyPod[], rules: Rules): readonly string[] {
  const isolating = rules.policies.filter((policy) => policy.rules[direction] !== undefined);
  const groups = groupPods(direction, subjects, isolating);
  const used = isolating.filter((policy) => groups.some((group) => group.policies.includes(policy)));
  const policyChains = new Map(used.map((policy, index) => [policy, `${direction}_policy_${index + 1}`]));
  const jumps = (group: Group) => group.policies.map((policy) => `jump ${policyChains.get(policy)}`);
  return [
    ...[...policyChains].map(([policy, chain]) =>
      chainBlock(chain, policyLines(policy, direction, rules.surroundings)),
    ),
    ...groups.map((group) => chainBlock(group.chain, [...jumps(group), rules.denial])),
    ...entryBlocks(direction, groups),
  ];
}

function groupPods(direction: Direction, pods: readonly PolicyPod[], policies: readonly Policy[]): readonly Group[] {
  const groups = new Map<string, { policies: readonly Policy[]; pods: PolicyPod[] }>();
  for (const pod of pods) {
    const applying = policies.filter((policy) => policy.namespace === pod.namespace && policy.podSelector(pod.labels));
    if (applying.length === 0) continue; // nobody isolates it: everything is allowed
    const key = applying.map((policy) => policies.indexOf(policy)).join(",");
    const group = groups.get(key) ?? { policies: applying, pods: [] };
    group.pods.push(pod);
    groups.set(key, group);
  }
  const sorted = [...groups].sort(([left], [right]) => (left < right ? -1 : 1));
  return sorted.map(([, group], index) => ({ chain: `${direction}_pods_${index + 1}`, ...group }));
}

/** What a policy allows in one direction. Rules add up: their order does not matter. */
function policyLines(policy: Policy, direction: Direction, surroundings: Surroundings): readonly string[] {
  const rules = policy.rules[direction] ?? [];
  const matches = rules.flatMap(({ peers, ports }) =>
    crossProduct(peerMatches(peers, { policy, direction }, surroundings), portMatches(ports, surroundings)),
  );
  const name = comment(`${policy.namespace}/${policy.name}`);
  return [name, ...matches.map(({ text }) => `${text} accept`.trim())];
}

function entryBlocks(direction: Direction, groups: readonly Group[]): readonly string[] {
  const maps = FAMILIES.flatMap((family) => {
    const entries = groups.flatMap(({ chain, pods }) =>
      pods.flatMap(({ addresses }) => addresses[family].map((address): [string, string] => [address, chain])),
    );
    // A Map, since nft refuses an address with two verdicts, and with it the whole transaction.
    return entries.length === 0 ? [] : [{ family, name: `${direction}_${family}`, chains: new Map(entries) }];
  });
  return [
    ...maps.map(({ family, name, chains }) => verdictMap(name, NFT_ADDRESS[family], chains)),
    chainBlock(`judge_${direction}`, [
      `type filter hook forward priority ${PRIORITY[direction]}; policy accept;`,
      // Also while nobody is isolated: a connection must be known as established before the first policy comes.
      "ct state established,related accept",
      ...maps.map(({ family, name }) => `${NFT_HEADER[family]} ${SUBJECT_FIELD[direction]} vmap @${name}`),
    ]),
  ];
}

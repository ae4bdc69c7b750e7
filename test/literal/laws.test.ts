import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  createExpectation,
  hasPort,
  intersect,
  isNothing,
  type PairExpectation,
  type PortsByProtocol,
  portBoundaries,
  subtract,
  unite,
} from "../../src/expectation/index.ts";
import {
  type ClusterState,
  type Direction,
  type NetworkPolicy,
  type PortItem,
  PROTOCOLS,
  parsePolicy,
  type Rule,
} from "../../src/snapshot/index.ts";
import { arbitraryCluster, arbitraryPolicy } from "./arbitrary-cluster.ts";
import { type EndpointPair, endpointPairsOf, stateOf } from "./both-readings.ts";

const RUNS = { numRuns: 100 };
const arbitraryState = arbitraryCluster.map(stateOf);
const anotherPolicy = arbitraryPolicy("new", ["n0", "n1"]).map(parsePolicy);

/** All that is not denied, where policies decide at all. */
function reach({ allowed, unspecified }: PairExpectation): PortsByProtocol {
  return unite([allowed, unspecified]);
}

function openSets({ allowed, unspecified, unspecifiedBecause }: PairExpectation): unknown {
  return { allowed, unspecified, unspecifiedBecause };
}

/** As `toStrictEqual`, which is slow where nothing differs. */
function expectEqual(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toStrictEqual(expected);
}

function expectWithin(inner: PairExpectation, outer: PairExpectation): void {
  const lost = { allowed: subtract(inner.allowed, outer.allowed), reach: subtract(reach(inner), reach(outer)) };
  if (!isNothing(lost.allowed) || !isNothing(lost.reach)) expect.fail(`lost ${JSON.stringify(lost)}`);
}

function* compare(
  before: ClusterState,
  after: ClusterState,
): Generator<{ pair: EndpointPair; before: PairExpectation; after: PairExpectation }> {
  const [first, second] = [createExpectation(before), createExpectation(after)];
  for (const pair of endpointPairsOf(before)) {
    yield {
      pair,
      before: first.pair(pair.source, pair.destination),
      after: second.pair(pair.source, pair.destination),
    };
  }
}

function mapRules(state: ClusterState, change: (rules: readonly Rule[]) => readonly Rule[]): ClusterState {
  const policies = state.policies.map(({ isolates: { ingress, egress }, ...policy }) => ({
    ...policy,
    isolates: { ...(ingress && { ingress: change(ingress) }), ...(egress && { egress: change(egress) }) },
  }));
  return { ...state, policies };
}

function shuffled<T>(items: readonly T[]): fc.Arbitrary<T[]> {
  return fc.shuffledSubarray([...items], { minLength: items.length });
}

test("the order of policies, pods and namespaces never matters, to the reasons neither", () => {
  const shuffledState = arbitraryState.chain((state) =>
    fc.record({
      state: fc.constant(state),
      other: fc.record({
        namespaces: shuffled(state.namespaces),
        pods: shuffled(state.pods),
        policies: shuffled(state.policies),
      }),
    }),
  );
  fc.assert(
    fc.property(shuffledState, ({ state, other }) => {
      for (const { before, after } of compare(state, other)) expectEqual(after, before);
    }),
    RUNS,
  );
});

test("the order of rules, peers, ports and requirements never matters to what is open", () => {
  fc.assert(
    fc.property(arbitraryState, (state) => {
      const reversed = mapRules(state, (rules) =>
        rules.map(({ peers, ports }) => ({ peers: peers.toReversed(), ports: ports.toReversed() })).reverse(),
      );
      const policies = reversed.policies.map((policy) => ({ ...policy, podSelector: policy.podSelector.toReversed() }));
      for (const { before, after } of compare(state, { ...reversed, policies })) {
        expectEqual(openSets(after), openSets(before));
      }
    }),
    RUNS,
  );
});

test("a JSON round trip of state and answer changes nothing", () => {
  fc.assert(
    fc.property(arbitraryState, (state) => {
      for (const { before, after } of compare(state, JSON.parse(JSON.stringify(state)))) {
        expectEqual(JSON.parse(JSON.stringify(after)), before);
      }
    }),
    RUNS,
  );
});

test("both ends must allow: what is open is what each direction would leave open by itself", () => {
  const keepOnly = (state: ClusterState, direction: Direction): ClusterState => ({
    ...state,
    policies: state.policies.map(({ isolates, ...policy }): NetworkPolicy => {
      const rules = isolates[direction];
      return { ...policy, isolates: rules === undefined ? {} : { [direction]: rules } };
    }),
  });
  fc.assert(
    fc.property(arbitraryState, (state) => {
      const [egress, ingress] = [
        createExpectation(keepOnly(state, "egress")),
        createExpectation(keepOnly(state, "ingress")),
      ];
      for (const { pair, before } of compare(state, state)) {
        const out = egress.pair(pair.source, pair.destination);
        const into = ingress.pair(pair.source, pair.destination);
        expectEqual(before.allowed, intersect(out.allowed, into.allowed));
        expectEqual(reach(before), intersect(reach(out), reach(into)));
      }
    }),
    RUNS,
  );
});

test("a rule added never denies", () => {
  fc.assert(
    fc.property(arbitraryState, anotherPolicy, fc.nat(), (state, { isolates }, at) => {
      const added = [...(isolates.ingress ?? []), ...(isolates.egress ?? [])];
      const index = at % Math.max(state.policies.length, 1);
      const more = mapRules(state, (rules) => [...added, ...rules]).policies;
      const policies = state.policies.map((policy, position) =>
        position === index ? (more[index] ?? policy) : policy,
      );
      for (const { before, after } of compare(state, { ...state, policies })) {
        expectWithin(before, after);
      }
    }),
    RUNS,
  );
});

test("a policy added takes away only from pods that it newly isolates", () => {
  fc.assert(
    fc.property(arbitraryState, anotherPolicy, (state, policy) => {
      for (const { before, after } of compare(state, { ...state, policies: [policy, ...state.policies] })) {
        const isNewlyIsolated = (["egress", "ingress"] as const).some(
          (direction) => before.decision[direction].kind !== after.decision[direction].kind,
        );
        if (isNewlyIsolated) continue;
        expectWithin(before, after);
      }
    }),
    RUNS,
  );
});

test("port..endPort equals its single ports", () => {
  const singles = (item: PortItem): readonly PortItem[] => {
    if (item.kind !== "range" || item.to - item.from > 100) return [item];
    const numbers = Array.from({ length: item.to - item.from + 1 }, (_, index) => item.from + index);
    return numbers.map((port) => ({ ...item, from: port, to: port }));
  };
  fc.assert(
    fc.property(arbitraryState, (state) => {
      const split = mapRules(state, (rules) => rules.map((rule) => ({ ...rule, ports: rule.ports.flatMap(singles) })));
      for (const { before, after } of compare(state, split)) expectEqual(openSets(after), openSets(before));
    }),
    RUNS,
  );
});

test("one connection gets the answer of its pair, with the clauses that open its port", () => {
  fc.assert(
    fc.property(arbitraryState, fc.constantFrom(...PROTOCOLS), (state, protocol) => {
      const expectation = createExpectation(state);
      for (const { pair, before } of compare(state, state)) {
        for (const port of new Set([4242, ...portBoundaries(reach(before)[protocol])])) {
          const connection = expectation.connection(pair.source, pair.destination, { protocol, port });
          expectEqual(connection.kind === "allow", hasPort(before.allowed[protocol], port));
          expectEqual(connection.kind === "unspecified", hasPort(before.unspecified[protocol], port));
          for (const direction of ["egress", "ingress"] as const) {
            const decided = connection.decision[direction];
            const isClosed = decided.kind === "isolated" && decided.allows.length === 0;
            if (connection.kind === "allow") expectEqual(isClosed, false);
            if (connection.kind === "deny") expectEqual(connection.because.includes(direction), isClosed);
          }
        }
      }
    }),
    RUNS,
  );
});

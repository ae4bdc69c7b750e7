import { expect } from "vitest";
import { type Outcome, SourcePorts } from "../../src/observation/index.ts";
import { PROTOCOLS } from "../../src/snapshot/index.ts";
import { judgeConnections } from "../../src/verdict/connection.ts";
import { phase, planned, trace } from "../../src/verdict/testing/traces.ts";
import { given, onDb, policy, promised, refused, type Sentence, shown } from "./sentence.ts";

const DENY_ALL = policy("shop/deny", "podSelector: {}", "policyTypes: [Ingress, Egress]");

export const LEFT_OPEN: readonly Sentence[] = [
  {
    title:
      "A pod to its own address; hostNetwork pods as subject or peer; a node to its own pods (always allowed); addresses rewritten before the policy sees them; connections open before a policy changed; ICMP; terminating pods.",
    checks: [
      given([DENY_ALL], {
        allow: ["bank/web > bank/db 80"],
        deny: ["shop/web > shop/api 80", "shop/api > shop/web 80 v6"],
        unspecified: { self: ["shop/web > shop/web 80", "shop/db > shop/db 53/UDP v6"] },
      }),
      // Without a policy too: it is no connection of which policies speak.
      given([], { allow: [], deny: [], unspecified: { self: ["shop/web > shop/web 80"] } }),
      // As subject, and as peer of a podSelector, of a namespaceSelector and of a block with the node's address.
      given([policy("shop/p", "podSelector: {matchLabels: {app: node}}", "policyTypes: [Ingress, Egress]")], {
        allow: ["shop/web > shop/db 80"],
        deny: [],
        unspecified: { hostNetwork: ["bank/web > shop/node 80", "shop/node > bank/web 80", "shop/node > outside 80"] },
      }),
      ...[
        "{podSelector: {matchLabels: {app: node}}}",
        "{namespaceSelector: {}}",
        "{ipBlock: {cidr: 10.250.0.3/32}}",
      ].map((peer) =>
        given([onDb(`ingress: [{from: [${peer}]}]`)], {
          allow: ["shop/db > shop/web 80"],
          deny: ["outside > shop/db 80"],
          unspecified: { hostNetwork: ["shop/node > shop/db 80", "shop/node > shop/db 80 v6"] },
        }),
      ),
      shown("src/lab/enforcement/cases/left-out.ts", "a node always reaches its own pods"),
      shown("src/verdict/connection.test.ts", "includes ingress on a path on which the source address is rewritten"),
      // No connection that netproof tries was open before: none has the source port of another.
      promised(() => {
        const ports = new SourcePorts([10_001]);
        expect([ports.take("web", "TCP"), ports.take("web", "TCP"), ports.take("db", "TCP")]).toEqual([
          10_000, 10_002, 10_000,
        ]);
      }),
      shown("src/observation/observe.test.ts", "no source port of a source repeats, across phases too"),
      // A policy cannot name ICMP, and nothing is expected of it.
      promised(() => expect(PROTOCOLS).toEqual(["TCP", "UDP", "SCTP"])),
      refused(
        onDb("ingress:", "- ports: [{protocol: ICMP}]"),
        'p.yaml:7:24: spec.ingress[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"',
        '    hint: did you mean "TCP"?',
      ),
      shown("src/lab/enforcement/packets.test.ts", "isolation is for every protocol"),
      shown("src/lab/enforcement/cases/left-out.ts", "a terminating pod is neither isolated nor matched"),
    ],
  },
  {
    title: "Drop and reject are both a block.",
    checks: [
      promised(() => {
        const silences = ["timed-out", "refused", "unreachable"] as const;
        expect(silences.map((silence) => verdictOn("deny", silence))).toEqual(["conforms", "conforms", "conforms"]);
        expect(silences.map((silence) => verdictOn("allow", silence))).toEqual([
          "overblocks",
          "overblocks",
          "overblocks",
        ]);
        expect([verdictOn("deny", "connected"), verdictOn("allow", "connected")]).toEqual(["leaks", "conforms"]);
      }),
      shown("src/lab/enforcement/packets.test.ts", "what is denied is refused where the denial is to reject"),
      shown("test/prove-lab.test.ts", "proves the same where denied packets are rejected"),
    ],
  },
];

/** The verdict on a connection that was open without the policies, and ended like this under them. */
function verdictOn(expectation: "allow" | "deny", outcome: Outcome): string | undefined {
  const open = phase([trace("web > db", [["connected"], ["connected"]], { wish: "open" })]);
  const enforced = phase([trace("web > db", [[outcome], [outcome]])]);
  const phases = { baseline: open, enforced, restored: open };
  const [judged] = judgeConnections({ connections: [planned("web > db", expectation)], foreign: [] }, phases);
  return judged?.verdict.kind;
}

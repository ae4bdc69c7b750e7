import { expect } from "vitest";
import { engineOf } from "./answers.ts";
import { from, given, onDb, onWeb, policy, promised, type Sentence, shown, to } from "./sentence.ts";

/** Which addresses outside a block takes in, as sources of shop/db and as destinations of shop/web. */
function block(ipBlock: string, inside: readonly string[], outside: readonly string[]) {
  const { allow, deny } = bothWays(inside, outside);
  const egress = onWeb("policyTypes: [Egress]", `egress: [{to: [{ipBlock: ${ipBlock}}]}]`);
  return given([onDb(`ingress: [{from: [{ipBlock: ${ipBlock}}]}]`), egress], { allow, deny });
}

function bothWays(inside: readonly string[], outside: readonly string[]) {
  const into = (address: string) => `${address} > shop/db 80${address.includes(":") ? " v6" : ""}`;
  const out = (address: string) => `shop/web > ${address} 443/UDP${address.includes(":") ? " v6" : ""}`;
  const connections = (addresses: readonly string[]) => addresses.flatMap((address) => [into(address), out(address)]);
  return { allow: connections(inside), deny: connections(outside) };
}

/** Sources of shop/db under these items of `from`, in one policy or in several. */
function addressed(ingress: readonly string[], inside: readonly string[], outside: readonly string[]) {
  const policies = ingress.map((rules, index) => onDb(`ingress: ${rules}`).replace("on-db", `on-db-${index}`));
  return given(policies, { allow: from(inside, "shop/db 80"), deny: from(outside, "shop/db 80") });
}

const WITH_EXCEPT = "{ipBlock: {cidr: 203.0.113.0/24, except: [203.0.113.128/25]}}";
const EXCEPTED = "{ipBlock: {cidr: 203.0.113.200/32}}";

const POD_BLOCK = given([onDb("ingress: [{from: [{ipBlock: {cidr: 10.244.2.0/24}}]}]")], {
  allow: ["10.244.2.99 > shop/db 80"],
  deny: ["bank/db > shop/db 80", "shop/web > shop/db 80", "bank/web > shop/db 80 v6", "outside > shop/db 80"],
  unspecified: { "ipblock-matches-pod": from(["shop/api", "bank/web", "default/plain"], "shop/db 80") },
});

export const ADDRESSES_OF_PEERS: readonly Sentence[] = [
  {
    title: "`ipBlock`: boundaries, `/32`, `/128`, `0.0.0.0/0`, `::/0`; a family never matches the other.",
    checks: [
      block(
        "{cidr: 203.0.113.64/26}",
        ["203.0.113.64", "203.0.113.127"],
        ["203.0.113.63", "203.0.113.128", "2001:db8::10"],
      ),
      block("{cidr: 128.0.0.0/1}", ["128.0.0.0", "255.255.255.255"], ["127.255.255.255", "::8000:0"]),
      block("{cidr: 203.0.113.10/32}", ["203.0.113.10"], ["203.0.113.9", "203.0.113.11", "2001:db8::10"]),
      block(
        '{cidr: "2001:db8::/112"}',
        ["2001:db8::", "2001:db8::ffff"],
        ["2001:db8::1:0", "2001:db7::1", "203.0.113.10"],
      ),
      block('{cidr: "2001:db8::/33"}', ["2001:db8:7fff:ffff::1"], ["2001:db8:8000::"]),
      block('{cidr: "2001:db8::10/128"}', ["2001:db8::10"], ["2001:db8::11", "2001:db8::f", "203.0.113.10"]),
      block(
        "{cidr: 0.0.0.0/0}",
        ["0.0.0.1", "203.0.113.10", "255.255.255.254"],
        ["2001:db8::10", "::1", "::ffff:cb00:710a"],
      ),
      block('{cidr: "::/0"}', ["::1", "2001:db8::10", "ffff::1"], ["203.0.113.10", "0.0.0.1"]),
    ],
  },
  {
    title: "`except` takes away from its own block only; another peer, rule or policy may allow the same address.",
    checks: [
      addressed(
        [`[{from: [${WITH_EXCEPT}]}]`],
        ["203.0.113.0", "203.0.113.127"],
        ["203.0.113.128", "203.0.113.200", "203.0.114.1"],
      ),
      block(
        '{cidr: "2001:db8::/64", except: ["2001:db8::1:0/112"]}',
        ["2001:db8::ffff", "2001:db8::2:0"],
        ["2001:db8::1:0"],
      ),
      block(
        "{cidr: 0.0.0.0/0, except: [203.0.113.0/28, 203.0.113.0/24, 198.51.100.0/24]}",
        ["203.0.112.255"],
        ["203.0.113.1", "203.0.113.255", "198.51.100.1"],
      ),
      block("{cidr: 203.0.113.0/24, except: null}", ["203.0.113.200"], ["203.0.114.0"]),
      addressed([`[{from: [${WITH_EXCEPT}, ${EXCEPTED}]}]`], ["203.0.113.10", "203.0.113.200"], ["203.0.113.201"]),
      addressed(
        [`[{from: [${WITH_EXCEPT}]}, {from: [${EXCEPTED}]}]`],
        ["203.0.113.10", "203.0.113.200"],
        ["203.0.113.201"],
      ),
      addressed(
        [`[{from: [${WITH_EXCEPT}]}]`, `[{from: [${EXCEPTED}]}]`],
        ["203.0.113.10", "203.0.113.200"],
        ["203.0.113.201"],
      ),
      // Another rule allows it on its own ports alone.
      given([onDb(`ingress: [{from: [${WITH_EXCEPT}]}, {from: [${EXCEPTED}], ports: [{port: 81}]}]`)], {
        allow: ["203.0.113.10 > shop/db 80", "203.0.113.200 > shop/db 81"],
        deny: ["203.0.113.200 > shop/db 80"],
      }),
      // A selector allows a pod whose address an except takes away.
      given([onDb("ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.244.0.0/16]}}, {podSelector: {}}]}]")], {
        allow: ["shop/web > shop/db 80", "10.1.1.1 > shop/db 80"],
        deny: ["bank/web > shop/db 80", "10.244.9.9 > shop/db 80"],
      }),
    ],
  },
  {
    title:
      "It matches pod addresses too in the upstream tests, while the reference speaks of cluster-external addresses: decide as upstream, and mark the reason (fault `ipblock-misses-pods`).",
    checks: [
      POD_BLOCK,
      // By the letter it is allowed, as upstream, and by nothing but the block.
      promised(() => {
        const answer = engineOf(POD_BLOCK)("bank/web > shop/db 80");
        expect(answer.decision.ingress).toMatchObject({ allows: [{ rule: 0, peer: 0, viaPodAddress: true }] });
        expect(engineOf(POD_BLOCK)("10.244.2.99 > shop/db 80").decision.ingress).toMatchObject({
          allows: [expect.not.objectContaining({ viaPodAddress: true })],
        });
      }),
      given([onWeb("policyTypes: [Egress]", "egress: [{to: [{ipBlock: {cidr: 10.244.2.4/32}}]}]")], {
        allow: ["shop/db > shop/api 80"],
        deny: ["shop/web > shop/db 80", "shop/web > bank/web 80", "shop/web > shop/api 80 v6"],
        unspecified: { "ipblock-matches-pod": ["shop/web > shop/api 80"] },
      }),
      // What is allowed anyway, or denied by the other end, is not left open.
      given(
        [
          onDb("ingress: [{from: [{ipBlock: {cidr: 10.244.2.0/24}}, {podSelector: {}}]}]"),
          policy("bank/shut", "policyTypes: [Egress]"),
        ],
        {
          allow: ["shop/api > shop/db 80"],
          deny: ["bank/web > shop/db 80"],
          unspecified: { "ipblock-matches-pod": ["default/plain > shop/db 80"] },
        },
      ),
      shown("src/verdict/connection.test.ts", "is unspecified whatever was seen"),
    ],
  },
  {
    title:
      "A ClusterIP inside an `ipBlock` does not match once the address is translated; a policy sees the pod's address and port.",
    checks: [
      // A Service 10.96.0.10:80 for shop/api:8081 and shop/db:9001; untranslated its address is one like any other.
      given(
        [
          onWeb(
            "policyTypes: [Egress]",
            "egress:",
            "- to: [{ipBlock: {cidr: 10.96.0.0/16}}]",
            "- {to: [{podSelector: {matchLabels: {app: api}}}], ports: [{port: 8081}]}",
            "- {to: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: 80}]}",
          ),
        ],
        {
          allow: ["shop/web > shop/api 8081", "shop/web > 10.96.0.10 80"],
          deny: ["shop/web > shop/db 9001", "shop/web > shop/api 80", "shop/web > bank/web 80"],
        },
      ),
      shown("src/lab/enforcement/packets.test.ts", "a policy sees a Service's pod and its port, not the Service's own"),
    ],
  },
  {
    title: "Each address of a dual-stack pod is judged by itself.",
    checks: [
      given([onWeb("policyTypes: [Egress]", 'egress: [{to: [{ipBlock: {cidr: "::/0"}}]}]')], {
        allow: ["shop/web > outside 80 v6", "shop/api > shop/db 80"],
        deny: ["shop/web > outside 80", ...to("shop/web", ["shop/api", "shop/db", "bank/web"], "80")],
        unspecified: { "ipblock-matches-pod": to("shop/web", ["shop/api", "shop/db", "bank/web"], "80 v6") },
      }),
      given([onDb("ingress: [{from: [{ipBlock: {cidr: 203.0.113.0/24}}, {podSelector: {}}]}]")], {
        allow: ["outside > shop/db 80", "shop/web > shop/db 80", "shop/web > shop/db 80 v6"],
        deny: ["outside > shop/db 80 v6", "bank/web > shop/db 80", "bank/web > shop/db 80 v6"],
      }),
    ],
  },
];

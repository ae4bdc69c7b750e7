import { describeRows, type Row } from "./cast.ts";
import type { RawPeer, RawPolicy, RawSelector } from "./evaluate.ts";

type Spec = RawPolicy["spec"];
const API: RawSelector = { matchLabels: { app: "api" } };
const FRONT: RawSelector = { matchLabels: { app: "front" } };
const RED: RawSelector = { matchLabels: { team: "red" } };

/** Ingress of shop/api from these peers alone. */
function from(...peers: RawPeer[]): Row["policies"] {
  return { "shop/p": { podSelector: API, ingress: [{ from: peers }] } };
}

function to(...peers: RawPeer[]): Row["policies"] {
  return { "shop/p": { podSelector: API, policyTypes: ["Egress"], egress: [{ to: peers }] } };
}

function who(open: {
  shopFront: boolean;
  shopDb: boolean;
  devFront: boolean;
  devBare: boolean;
  outside: boolean;
}): Row["open"] {
  const word = (isOpen: boolean) => (isOpen ? "everything" : "nothing");
  return {
    "shop/front > shop/api": word(open.shopFront),
    "shop/front@6 > shop/api@6": word(open.shopFront),
    "shop/db > shop/api": word(open.shopDb),
    "dev/front > shop/api": word(open.devFront),
    "dev/bare > shop/api": word(open.devBare),
    "192.0.2.7 > shop/api": word(open.outside),
    "2001:db8::7 > shop/api@6": word(open.outside),
  };
}
const NOBODY = { shopFront: false, shopDb: false, devFront: false, devBare: false, outside: false };
const EVERYBODY = { shopFront: true, shopDb: true, devFront: true, devBare: true, outside: true };

const PEER_LISTS: Row[] = [
  { name: "an absent from allows every source", policies: spec({ ingress: [{}] }), open: who(EVERYBODY) },
  { name: "a null from allows every source", policies: spec({ ingress: [{ from: null }] }), open: who(EVERYBODY) },
  { name: "an empty from allows every source", policies: spec({ ingress: [{ from: [] }] }), open: who(EVERYBODY) },
  {
    name: "an empty from with ports allows every source on those ports",
    policies: spec({ ingress: [{ from: [], ports: [{ port: 80 }] }] }),
    open: { "dev/front > shop/api": "TCP 80", "192.0.2.7 > shop/api": "TCP 80" },
  },
  {
    name: "an empty to with ports allows every destination on those ports",
    policies: spec({ policyTypes: ["Egress"], egress: [{ to: [], ports: [{ port: 80 }] }] }),
    open: { "shop/api > dev/front": "TCP 80", "shop/api > 192.0.2.7": "TCP 80" },
  },
];

function spec(rest: NonNullable<Spec>): Row["policies"] {
  return { "shop/p": { podSelector: API, ...rest } };
}

const COMBINATIONS: Row[] = [
  {
    name: "an empty podSelector alone selects every pod of the policy's own namespace",
    policies: from({ podSelector: {} }),
    open: who({ ...NOBODY, shopFront: true, shopDb: true }),
  },
  {
    name: "a podSelector alone selects pods of the policy's own namespace",
    policies: from({ podSelector: FRONT }),
    open: who({ ...NOBODY, shopFront: true }),
  },
  {
    name: "an empty namespaceSelector alone selects the pods of all namespaces, and no outside address",
    policies: from({ namespaceSelector: {} }),
    open: who({ ...EVERYBODY, outside: false }),
  },
  {
    name: "a namespaceSelector alone selects all pods of those namespaces",
    policies: from({ namespaceSelector: RED }),
    open: who({ ...NOBODY, devFront: true, devBare: true }),
  },
  {
    name: "both selectors, both empty, select the pods of all namespaces",
    policies: from({ namespaceSelector: {}, podSelector: {} }),
    open: who({ ...EVERYBODY, outside: false }),
  },
  {
    name: "an empty namespaceSelector with a podSelector selects these pods in all namespaces",
    policies: from({ namespaceSelector: {}, podSelector: FRONT }),
    open: who({ ...NOBODY, shopFront: true, devFront: true }),
  },
  {
    name: "a namespaceSelector with an empty podSelector selects all pods of those namespaces",
    policies: from({ namespaceSelector: RED, podSelector: {} }),
    open: who({ ...NOBODY, devFront: true, devBare: true }),
  },
  {
    name: "both selectors in one item must both hold",
    policies: from({ namespaceSelector: RED, podSelector: FRONT }),
    open: who({ ...NOBODY, devFront: true }),
  },
  {
    name: "two selectors in two items are alternatives",
    policies: from({ namespaceSelector: RED }, { podSelector: FRONT }),
    open: who({ ...NOBODY, shopFront: true, devFront: true, devBare: true }),
  },
  {
    name: "a null beside a selector is as good as absent",
    policies: from({ namespaceSelector: null, podSelector: FRONT, ipBlock: null }),
    open: who({ ...NOBODY, shopFront: true }),
  },
  {
    name: "a namespace is selected by the name that the server sets as a label",
    policies: from({ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "dev" } } }),
    open: who({ ...NOBODY, devFront: true, devBare: true }),
  },
  {
    name: "NotIn works on the name of a namespace",
    policies: from({
      namespaceSelector: {
        matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "NotIn", values: ["shop", "ops"] }],
      },
    }),
    open: who({ ...NOBODY, devFront: true, devBare: true }),
  },
  {
    name: "a podSelector does not look at the labels of namespaces, nor a namespaceSelector at those of pods",
    policies: from({ namespaceSelector: {}, podSelector: RED }, { namespaceSelector: FRONT }),
    open: who(NOBODY),
  },
  {
    name: "peers of egress rules select the destination",
    policies: to({ podSelector: FRONT }, { namespaceSelector: RED, podSelector: { matchLabels: { app: "front" } } }),
    open: {
      "shop/api > shop/front": "everything",
      "shop/api > dev/front": "everything",
      "shop/api > dev/bare": "nothing",
      "shop/api > shop/db": "nothing",
      "shop/api > 192.0.2.7": "nothing",
    },
  },
];

function requires(key: string, operator: string, values?: string[]): Row["policies"] {
  const expression = { key, operator, ...(values !== undefined && { values }) };
  return from({ namespaceSelector: {}, podSelector: { matchExpressions: [expression] } });
}

const EXPRESSIONS: Row[] = [
  {
    name: "In needs the key with one of the values",
    policies: requires("app", "In", ["db", "front"]),
    open: who({ ...NOBODY, shopFront: true, shopDb: true, devFront: true }),
  },
  {
    name: "NotIn selects pods that lack the key",
    policies: requires("app", "NotIn", ["front"]),
    open: who({ ...NOBODY, shopDb: true, devBare: true }),
  },
  {
    name: "Exists needs the key with any value",
    policies: requires("track", "Exists"),
    open: who({ ...NOBODY, shopFront: true }),
  },
  {
    name: "DoesNotExist selects pods that lack the key",
    policies: requires("track", "DoesNotExist"),
    open: who({ ...NOBODY, shopDb: true, devFront: true, devBare: true }),
  },
  {
    name: "Exists is met by an empty value",
    policies: from({ namespaceSelector: { matchExpressions: [{ key: "tier", operator: "Exists" }] } }),
    open: who({ ...NOBODY, devFront: true, devBare: true }),
  },
  {
    name: "an empty value in matchLabels needs the key",
    policies: from({ namespaceSelector: { matchLabels: { tier: "" } } }),
    open: who({ ...NOBODY, devFront: true, devBare: true }),
  },
  {
    name: "In with an empty value needs the key",
    policies: requires("track", "In", ["", "canary"]),
    open: who(NOBODY),
  },
  {
    name: "expressions and labels must all hold",
    policies: from({
      namespaceSelector: {},
      podSelector: {
        matchLabels: { app: "front" },
        matchExpressions: [
          { key: "track", operator: "DoesNotExist" },
          { key: "app", operator: "NotIn", values: ["db"] },
        ],
      },
    }),
    open: who({ ...NOBODY, devFront: true }),
  },
  {
    name: "two expressions about one key must both hold",
    policies: from({
      podSelector: {
        matchExpressions: [
          { key: "app", operator: "In", values: ["front", "db"] },
          { key: "app", operator: "NotIn", values: ["db"] },
        ],
      },
    }),
    open: who({ ...NOBODY, shopFront: true }),
  },
  {
    name: "a key that every object has in JavaScript is no label",
    policies: from({
      namespaceSelector: {},
      podSelector: { matchExpressions: [{ key: "constructor", operator: "Exists" }] },
    }),
    open: { ...who(NOBODY), "ops/agent > shop/api": "everything" },
  },
];

function block(cidr: string, ...except: string[]): RawPeer {
  return { ipBlock: { cidr, ...(except.length > 0 && { except }) } };
}
const VIA_POD = "nothing ? everything, ipblock-matches-pod";

const IP_BLOCKS: Row[] = [
  {
    name: "an ipBlock allows the first and the last of its addresses and not their neighbours",
    policies: from(block("192.0.2.4/30")),
    open: {
      "192.0.2.3 > shop/api": "nothing",
      "192.0.2.4 > shop/api": "everything",
      "192.0.2.7 > shop/api": "everything",
      "192.0.2.8 > shop/api": "nothing",
    },
  },
  {
    name: "a /32 is one address",
    policies: from(block("192.0.2.7/32")),
    open: {
      "192.0.2.7 > shop/api": "everything",
      "192.0.2.6 > shop/api": "nothing",
      "192.0.2.8 > shop/api": "nothing",
    },
  },
  {
    name: "a /128 is one address",
    policies: from(block("2001:db8::7/128")),
    open: { "2001:db8::7 > shop/api@6": "everything", "2001:db8::6 > shop/api@6": "nothing" },
  },
  {
    name: "0.0.0.0/0 is every IPv4 address and no IPv6 address",
    policies: from(block("0.0.0.0/0")),
    open: {
      "0.0.0.1 > shop/api": "everything",
      "255.255.255.255 > shop/api": "everything",
      "2001:db8::7 > shop/api@6": "nothing",
      "::ffff:192.0.2.7 > shop/api@6": "nothing",
      "shop/front@6 > shop/api@6": "nothing",
    },
  },
  {
    name: "::/0 is every IPv6 address and no IPv4 address",
    policies: to(block("::/0")),
    open: { "shop/api@6 > 2001:db8::7": "everything", "shop/api > 192.0.2.7": "nothing" },
  },
  {
    name: "an exception takes away from its block, at its very edges",
    policies: from(block("192.0.2.0/24", "192.0.2.4/30")),
    open: {
      "192.0.2.3 > shop/api": "everything",
      "192.0.2.4 > shop/api": "nothing",
      "192.0.2.7 > shop/api": "nothing",
      "192.0.2.8 > shop/api": "everything",
    },
  },
  {
    name: "every exception counts",
    policies: to(block("2001:db8::/32", "2001:db8:1::/48", "2001:db8:2::/48")),
    open: {
      "shop/api@6 > 2001:db8:1::1": "nothing",
      "shop/api@6 > 2001:db8:2::1": "nothing",
      "shop/api@6 > 2001:db8:3::1": "everything",
    },
  },
  {
    name: "another peer may allow what an exception takes away",
    policies: from(block("192.0.2.0/24", "192.0.2.4/30"), block("192.0.2.7/32")),
    open: { "192.0.2.6 > shop/api": "nothing", "192.0.2.7 > shop/api": "everything" },
  },
  {
    name: "another rule may allow what an exception takes away",
    policies: spec({
      ingress: [
        { from: [block("192.0.2.0/24", "192.0.2.7/32")] },
        { from: [block("192.0.2.7/32")], ports: [{ port: 80 }] },
      ],
    }),
    open: { "192.0.2.7 > shop/api": "TCP 80" },
  },
  {
    name: "another policy may allow what an exception takes away",
    policies: {
      ...from(block("192.0.2.0/24", "192.0.2.7/32")),
      "shop/q": { podSelector: {}, ingress: [{ from: [block("0.0.0.0/0")], ports: [{ port: 80 }] }] },
    },
    open: { "192.0.2.7 > shop/api": "TCP 80", "192.0.2.6 > shop/api": "everything" },
  },
  {
    name: "each address of a dual-stack pod is judged by itself",
    policies: to(block("192.0.2.0/24")),
    open: { "shop/api > 192.0.2.7": "everything", "shop/api@6 > 2001:db8::7": "nothing" },
  },
];

const POD_ADDRESSES: Row[] = [
  {
    name: "an allow that rests only on an ipBlock matching the source pod's address is left open",
    policies: from(block("10.0.0.0/8")),
    open: {
      "shop/front > shop/api": VIA_POD,
      "dev/bare > shop/api": VIA_POD,
      "10.0.0.200 > shop/api": "everything",
      "shop/front@6 > shop/api@6": "nothing",
    },
  },
  {
    name: "an allow that rests only on an ipBlock matching the destination pod's address is left open",
    policies: to(block("10.0.1.0/24", "10.0.1.2/32")),
    open: { "shop/api > dev/front": VIA_POD, "shop/api > dev/bare": "nothing", "shop/api > 10.0.1.200": "everything" },
  },
  {
    name: "an allow that another peer gives as well is not left open",
    policies: from(block("10.0.0.0/8"), { podSelector: FRONT }),
    open: { "shop/front > shop/api": "everything", "shop/db > shop/api": VIA_POD },
  },
  {
    name: "only the ports that the ipBlock alone allows are left open",
    policies: spec({
      ingress: [
        { from: [block("10.0.0.0/8")], ports: [{ port: 80, endPort: 90 }] },
        { from: [{ podSelector: {} }], ports: [{ port: 85 }, { protocol: "UDP" }] },
      ],
    }),
    open: { "shop/front > shop/api": "TCP 85; UDP all ? TCP 80-84, 86-90, ipblock-matches-pod" },
  },
  {
    name: "what the other end denies is not left open",
    policies: {
      ...from(block("10.0.0.0/8")),
      "dev/p": { policyTypes: ["Egress"], egress: [{ ports: [{ port: 80 }] }] },
    },
    open: { "dev/front > shop/api": "nothing ? TCP 80, ipblock-matches-pod" },
  },
  {
    name: "ipBlocks at both ends leave open what both allow",
    policies: {
      ...from(block("10.0.0.0/8")),
      "dev/p": { policyTypes: ["Egress"], egress: [{ to: [block("10.0.0.2/32")], ports: [{ port: 80 }] }] },
    },
    open: { "dev/front > shop/api": "nothing ? TCP 80, ipblock-matches-pod", "dev/front > shop/db": "nothing" },
  },
];

describeRows("lists of peers", PEER_LISTS);
describeRows("combinations of selectors", COMBINATIONS);
describeRows("expressions", EXPRESSIONS);
describeRows("ipBlock", IP_BLOCKS);
describeRows("ipBlock and the addresses of pods", POD_ADDRESSES);

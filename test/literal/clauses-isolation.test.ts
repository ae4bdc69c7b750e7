import { describeRows, type Row } from "./cast.ts";

const SELECTION: Row[] = [
  {
    name: "a pod that no policy selects may do and receive everything",
    policies: {},
    open: {
      "shop/front > dev/bare": "everything",
      "192.0.2.7 > shop/api": "everything",
      "shop/api > 192.0.2.7": "everything",
      "shop/front@6 > shop/api@6": "everything",
    },
  },
  {
    name: "a pod selected in one direction stays open in the other",
    policies: { "shop/p": { podSelector: {}, policyTypes: ["Ingress"] } },
    open: { "dev/front > shop/front": "nothing", "shop/front > dev/front": "everything" },
  },
  {
    name: "an empty podSelector selects every pod of the policy's namespace, and only of it",
    policies: { "dev/p": { podSelector: {} } },
    open: {
      "shop/front > dev/front": "nothing",
      "shop/front > dev/bare": "nothing",
      "192.0.2.7 > dev/bare": "nothing",
      "dev/front > shop/front": "everything",
      "dev/front > ops/agent": "everything",
    },
  },
  {
    name: "an absent podSelector selects every pod of the namespace",
    policies: { "dev/p": { policyTypes: ["Ingress"] } },
    open: { "shop/front > dev/bare": "nothing", "dev/bare > shop/front": "everything" },
  },
  {
    name: "a null podSelector selects every pod of the namespace",
    policies: { "dev/p": { podSelector: null, policyTypes: ["Egress"] } },
    open: { "shop/front > dev/bare": "everything", "dev/bare > shop/front": "nothing" },
  },
  {
    name: "a policy without spec isolates every pod of its namespace for ingress",
    policies: { "dev/p": undefined },
    open: {
      "shop/front > dev/bare": "nothing",
      "shop/front > dev/front": "nothing",
      "dev/bare > shop/front": "everything",
      "shop/front > shop/api": "everything",
    },
  },
  {
    name: "a podSelector selects by all of its requirements",
    policies: { "shop/p": { podSelector: { matchLabels: { app: "front", track: "canary" } } } },
    open: { "shop/api > shop/front": "everything" },
  },
];

const EVERYTHING_IN: Row["open"] = { "dev/front > shop/api": "everything", "192.0.2.7 > shop/api": "everything" };
const NOTHING_IN: Row["open"] = { "dev/front > shop/api": "nothing", "192.0.2.7 > shop/api": "nothing" };
const EVERYTHING_OUT: Row["open"] = { "shop/api > dev/front": "everything", "shop/api > 192.0.2.7": "everything" };
const NOTHING_OUT: Row["open"] = { "shop/api > dev/front": "nothing", "shop/api > 192.0.2.7": "nothing" };

const RULE_LISTS: Row[] = [
  { name: "an absent ingress list allows nothing", policies: { "shop/p": { podSelector: {} } }, open: NOTHING_IN },
  { name: "a null ingress list allows nothing", policies: { "shop/p": { ingress: null } }, open: NOTHING_IN },
  { name: "an empty ingress list allows nothing", policies: { "shop/p": { ingress: [] } }, open: NOTHING_IN },
  { name: "an empty ingress rule allows everything", policies: { "shop/p": { ingress: [{}] } }, open: EVERYTHING_IN },
  { name: "a null ingress rule allows everything", policies: { "shop/p": { ingress: [null] } }, open: EVERYTHING_IN },
  {
    name: "an absent egress list allows nothing",
    policies: { "shop/p": { policyTypes: ["Egress"] } },
    open: { ...NOTHING_OUT, ...EVERYTHING_IN },
  },
  {
    name: "a null egress list allows nothing",
    policies: { "shop/p": { policyTypes: ["Egress"], egress: null } },
    open: NOTHING_OUT,
  },
  {
    name: "an empty egress list allows nothing",
    policies: { "shop/p": { policyTypes: ["Egress"], egress: [] } },
    open: NOTHING_OUT,
  },
  {
    name: "an empty egress rule allows everything",
    policies: { "shop/p": { policyTypes: ["Egress"], egress: [{}] } },
    open: EVERYTHING_OUT,
  },
  {
    name: "a null egress rule allows everything",
    policies: { "shop/p": { policyTypes: ["Egress"], egress: [null] } },
    open: EVERYTHING_OUT,
  },
];

const POLICY_TYPES: Row[] = [
  {
    name: "absent policyTypes mean Ingress",
    policies: { "shop/p": { podSelector: {} } },
    open: { ...NOTHING_IN, ...EVERYTHING_OUT },
  },
  {
    name: "empty policyTypes mean Ingress",
    policies: { "shop/p": { policyTypes: [], egress: [] } },
    open: { ...NOTHING_IN, ...EVERYTHING_OUT },
  },
  {
    name: "absent policyTypes mean Egress as well if there is an egress rule",
    policies: { "shop/p": { egress: [{ to: [{ ipBlock: { cidr: "192.0.2.0/24" } }] }] } },
    open: { ...NOTHING_IN, "shop/api > dev/front": "nothing", "shop/api > 192.0.2.7": "everything" },
  },
  {
    name: "null policyTypes mean Egress as well if there is an egress rule, even an empty one",
    policies: { "shop/p": { policyTypes: null, egress: [{}] } },
    open: { ...NOTHING_IN, ...EVERYTHING_OUT },
  },
  {
    name: "ingress rules are ignored if policyTypes name Egress alone",
    policies: { "shop/p": { policyTypes: ["Egress"], ingress: [{ from: [{ podSelector: {} }] }] } },
    open: { ...EVERYTHING_IN, ...NOTHING_OUT },
  },
  {
    name: "egress rules are ignored if policyTypes name Ingress alone",
    policies: { "shop/p": { policyTypes: ["Ingress"], egress: [{ to: [{ podSelector: {} }] }] } },
    open: { ...NOTHING_IN, ...EVERYTHING_OUT },
  },
  {
    name: "both policyTypes isolate both ways",
    policies: { "shop/p": { policyTypes: ["Egress", "Ingress"] } },
    open: { ...NOTHING_IN, ...NOTHING_OUT },
  },
  {
    name: "a policyType given twice counts once",
    policies: { "shop/p": { policyTypes: ["Ingress", "Ingress"] } },
    open: { ...NOTHING_IN, ...EVERYTHING_OUT },
  },
];

const TCP_80 = { ports: [{ port: 80 }] };
const ADDITION: Row[] = [
  {
    name: "deny-all and allow-all together allow",
    policies: { "shop/deny": { podSelector: {} }, "shop/allow": { ingress: [{}] } },
    open: EVERYTHING_IN,
  },
  {
    name: "allow-all and deny-all together allow, in whatever order",
    policies: { "shop/allow": { ingress: [{}] }, "shop/deny": { podSelector: {} } },
    open: EVERYTHING_IN,
  },
  {
    name: "the rules of several policies add up",
    policies: {
      "shop/a": { podSelector: { matchLabels: { app: "api" } }, ingress: [{ ports: [{ port: 443 }] }] },
      "shop/b": { podSelector: {}, ingress: [TCP_80] },
    },
    open: { "dev/front > shop/api": "TCP 80, 443", "dev/front > shop/db": "TCP 80" },
  },
  {
    name: "a connection needs the source's egress and the destination's ingress",
    policies: {
      "shop/in": { podSelector: { matchLabels: { app: "api" } }, ingress: [{ ports: [{ port: 79, endPort: 80 }] }] },
      "dev/out": { policyTypes: ["Egress"], egress: [{ ports: [{ port: 80, endPort: 81 }] }] },
    },
    open: {
      "dev/front > shop/api": "TCP 80",
      "dev/front > shop/db": "TCP 80-81",
      "ops/agent > shop/api": "TCP 79-80",
      "shop/front > dev/front": "everything",
    },
  },
  {
    name: "egress that is allowed does not open the destination's ingress",
    policies: { "shop/in": { podSelector: {} }, "dev/out": { policyTypes: ["Egress"], egress: [{}] } },
    open: { "dev/front > shop/api": "nothing" },
  },
  {
    name: "ingress that is allowed does not open the source's egress",
    policies: { "shop/in": { ingress: [{}] }, "dev/out": { policyTypes: ["Egress"] } },
    open: { "dev/front > shop/api": "nothing" },
  },
  {
    name: "a policy of another namespace does not allow into this one",
    policies: { "shop/deny": { podSelector: {} }, "dev/allow": { ingress: [{}] } },
    open: { "dev/front > shop/api": "nothing" },
  },
  {
    name: "a rule that can match nothing still isolates",
    policies: {
      "shop/name": { podSelector: { matchLabels: { app: "api" } }, ingress: [{ ports: [{ port: "nowhere" }] }] },
      "shop/pods": {
        podSelector: { matchLabels: { app: "db" } },
        ingress: [{ from: [{ podSelector: { matchLabels: { app: "nobody" } } }] }],
      },
    },
    open: {
      "dev/front > shop/api": "nothing",
      "dev/front > shop/db": "nothing",
      "dev/front > shop/front": "everything",
    },
  },
  {
    name: "a policy about UDP alone isolates for TCP and SCTP just the same",
    policies: { "shop/p": { ingress: [{ ports: [{ protocol: "UDP", port: 53 }] }] } },
    open: { "dev/front > shop/api": "UDP 53" },
  },
  {
    name: "a policy about SCTP alone isolates for TCP and UDP just the same",
    policies: { "shop/p": { policyTypes: ["Egress"], egress: [{ ports: [{ protocol: "SCTP" }] }] } },
    open: { "shop/api > dev/front": "SCTP all" },
  },
];

const LEFT_OPEN: Row[] = [
  {
    name: "a pod to its own address is left open, whatever the policies say",
    policies: { "shop/p": { policyTypes: ["Ingress", "Egress"] } },
    open: {
      "shop/api > shop/api": "nothing ? everything, self",
      "shop/api@6 > shop/api@6": "nothing ? everything, self",
      "shop/front > shop/api": "nothing",
    },
  },
  {
    name: "a pod to its own address is left open without policies too",
    policies: {},
    open: { "dev/bare > dev/bare": "nothing ? everything, self" },
  },
  {
    name: "a hostNetwork pod is left open at either end",
    policies: { "ops/p": { policyTypes: ["Ingress", "Egress"] }, "shop/p": { ingress: [{}] } },
    open: {
      "ops/node > shop/api": "nothing ? everything, hostNetwork",
      "shop/api > ops/node": "nothing ? everything, hostNetwork",
      "192.0.2.7 > ops/node": "nothing ? everything, hostNetwork",
      "ops/node > 192.0.2.7": "nothing ? everything, hostNetwork",
      "ops/node > ops/node": "nothing ? everything, hostNetwork",
      "ops/agent > shop/api": "nothing",
    },
  },
];

describeRows("selection", SELECTION);
describeRows("lists of rules", RULE_LISTS);
describeRows("policyTypes", POLICY_TYPES);
describeRows("addition", ADDITION);
describeRows("left open by the API", LEFT_OPEN);

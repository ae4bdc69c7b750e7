import { DENY_BOTH, DENY_EGRESS, DENY_INGRESS, type SemanticsCase } from "./semantics-case.ts";

const shop = (spec: unknown) => ({ namespace: "shop", spec });
const DB = { matchLabels: { app: "db" } };

/** Ingress to shop/db is shut for everybody, and nothing else is. */
const ONLY_DB_INGRESS_SHUT = {
  open: ["shop/db > shop/web 80", "shop/db > outside 80", "shop/web > shop/api 80", "shop/web > bank/db 80"],
  shut: ["shop/web > shop/db 80", "shop/api > shop/db 80/UDP", "outside > shop/db 80", "bank/db > shop/db 81 v6"],
};
/** Egress from shop/db is shut to everybody, and nothing else is. */
const ONLY_DB_EGRESS_SHUT = {
  open: ["shop/web > shop/db 80", "outside > shop/db 80", "shop/web > shop/api 80", "bank/db > shop/db 81 v6"],
  shut: ["shop/db > shop/web 80", "shop/db > shop/api 80/UDP", "shop/db > outside 80", "shop/db > bank/web 81 v6"],
};
const DB_SHUT_BOTH_WAYS = {
  open: ["shop/web > shop/api 80", "shop/web > outside 80"],
  shut: [...ONLY_DB_INGRESS_SHUT.shut, ...ONLY_DB_EGRESS_SHUT.shut],
};
const DB_OPEN = {
  open: [
    ...["shop/web > shop/db 80", "shop/api > shop/db 80/UDP", "outside > shop/db 80", "bank/db > shop/db 81 v6"],
    ...["shop/db > shop/web 80", "shop/db > shop/api 80/UDP", "shop/db > outside 80", "shop/db > bank/web 81 v6"],
  ],
  shut: [],
};

export const ISOLATION_CASES: readonly SemanticsCase[] = [
  { name: "without a policy everything is allowed", policies: [], ...DB_OPEN },
  {
    name: "a pod selected for ingress stays open in egress, and others stay open",
    policies: [shop({ podSelector: DB, policyTypes: ["Ingress"] })],
    ...ONLY_DB_INGRESS_SHUT,
  },
  {
    name: "a pod selected for egress stays open in ingress, and others stay open",
    policies: [shop({ podSelector: DB, policyTypes: ["Egress"] })],
    ...ONLY_DB_EGRESS_SHUT,
  },
  {
    name: "a pod selected for both is shut both ways",
    policies: [shop({ podSelector: DB, policyTypes: ["Ingress", "Egress"] })],
    ...DB_SHUT_BOTH_WAYS,
  },
  ...[
    ["a null ingress", { ingress: null }],
    ["an empty ingress", { ingress: [] }],
    ["an absent ingress with policyTypes", { policyTypes: ["Ingress"] }],
  ].map(([what, fields]) => ({
    name: `${what} isolates and allows nothing`,
    policies: [shop({ podSelector: DB, ...(fields as object) })],
    ...ONLY_DB_INGRESS_SHUT,
  })),
  ...[
    ["a null egress", { egress: null }],
    ["an empty egress", { egress: [] }],
    ["an absent egress", {}],
  ].map(([what, fields]) => ({
    name: `${what} with policyTypes isolates and allows nothing`,
    policies: [shop({ podSelector: DB, policyTypes: ["Egress"], ...(fields as object) })],
    ...ONLY_DB_EGRESS_SHUT,
  })),
  ...[
    ["an empty rule", {}],
    ["a null rule", null],
  ].map(([what, rule]) => ({
    name: `${what} allows everything, in each direction`,
    policies: [shop({ podSelector: DB, policyTypes: ["Ingress", "Egress"], ingress: [rule], egress: [rule] })],
    ...DB_OPEN,
  })),
  {
    name: "a direction without rules stays shut beside one that allows everything",
    policies: [shop({ podSelector: DB, policyTypes: ["Ingress", "Egress"], egress: [{}] })],
    ...ONLY_DB_INGRESS_SHUT,
  },
  ...[
    ["absent policyTypes", {}],
    ["empty policyTypes", { policyTypes: [] }],
  ].flatMap(([what, fields]) => [
    {
      name: `${what} mean Ingress`,
      policies: [shop({ podSelector: DB, ...(fields as object) })],
      ...ONLY_DB_INGRESS_SHUT,
    },
    {
      name: `${what} mean Ingress alone where egress is an empty list`,
      policies: [shop({ podSelector: DB, egress: [], ...(fields as object) })],
      ...ONLY_DB_INGRESS_SHUT,
    },
    {
      name: `${what} mean Ingress and Egress where egress has a rule`,
      policies: [shop({ podSelector: DB, egress: [{ ports: [{ port: 9000 }] }], ...(fields as object) })],
      open: ["shop/db > shop/web 9000", "shop/db > outside 9000"],
      shut: [...ONLY_DB_INGRESS_SHUT.shut, ...ONLY_DB_EGRESS_SHUT.shut],
    },
  ]),
  {
    name: "policyTypes Egress leaves out the ingress rules and does not isolate for ingress",
    policies: [shop({ podSelector: DB, policyTypes: ["Egress"], ingress: [{ ports: [{ port: 9000 }] }] })],
    ...ONLY_DB_EGRESS_SHUT,
  },
  {
    name: "policyTypes Ingress leaves out the egress rules and does not isolate for egress",
    policies: [shop({ podSelector: DB, policyTypes: ["Ingress"], egress: [{ ports: [{ port: 9000 }] }] })],
    ...ONLY_DB_INGRESS_SHUT,
  },
  {
    name: "a direction named twice is named once",
    policies: [shop({ podSelector: DB, policyTypes: ["Ingress", "Ingress"] })],
    ...ONLY_DB_INGRESS_SHUT,
  },
  ...[
    ["a policy without spec", { namespace: "shop" }],
    ["an empty spec", shop({})],
    ["an absent podSelector", shop({ policyTypes: ["Ingress"] })],
    ["a null podSelector", shop({ podSelector: null })],
    ["an empty podSelector", shop({ podSelector: {} })],
    ["a podSelector without requirements", shop({ podSelector: { matchLabels: {}, matchExpressions: [] } })],
  ].map(([what, policy]) => ({
    name: `${what} selects every pod of its namespace for ingress, and only of it`,
    policies: [policy as object],
    open: ["shop/web > bank/web 80", "bank/db > bank/web 80", "shop/web > outside 80", "shop/web > default/plain 80"],
    shut: ["shop/db > shop/web 80", "bank/web > shop/api 80", "outside > shop/db 80/UDP", "bank/db > shop/web 80 v6"],
  })),
  {
    name: "a policy without a namespace is one of the default namespace",
    policies: [{ spec: DENY_INGRESS }],
    open: ["default/plain > shop/web 80", "shop/web > shop/db 80"],
    shut: ["shop/web > default/plain 80", "outside > default/plain 80"],
  },
  {
    name: "deny-all and allow-all together allow",
    policies: [shop(DENY_BOTH), shop({ podSelector: {}, ingress: [{}], egress: [{}] })],
    ...DB_OPEN,
  },
  {
    name: "allow-all and deny-all together allow",
    policies: [shop({ podSelector: {}, ingress: [{}], egress: [{}] }), shop(DENY_BOTH)],
    ...DB_OPEN,
  },
  {
    name: "policies add up port by port",
    policies: [
      shop({ podSelector: DB, ingress: [{ ports: [{ port: 80 }] }] }),
      shop({ podSelector: {}, ingress: [{ ports: [{ port: 81 }] }] }),
    ],
    open: ["shop/web > shop/db 80", "shop/web > shop/db 81", "shop/web > shop/api 81"],
    shut: ["shop/web > shop/db 82", "shop/web > shop/api 80"],
  },
  {
    name: "a connection needs the egress of its source and the ingress of its destination",
    policies: [
      shop({
        podSelector: { matchLabels: { app: "web" } },
        policyTypes: ["Egress"],
        egress: [{ ports: [{ port: 80 }, { port: 81 }] }],
      }),
      shop({ podSelector: DB, ingress: [{ ports: [{ port: 81 }, { port: 82 }] }] }),
      { namespace: "bank", spec: { podSelector: {}, ingress: [{ ports: [{ port: 81 }, { port: 82 }] }] } },
    ],
    open: ["shop/web > shop/db 81", "shop/web > shop/api 80", "shop/api > shop/db 82", "shop/web > bank/web 81"],
    shut: [
      ...["shop/web > shop/db 80", "shop/web > shop/db 82", "shop/api > shop/db 80"],
      ...["shop/web > bank/web 80", "shop/web > bank/web 82", "shop/web > bank/db 80 v6", "shop/web > bank/db 82"],
    ],
  },
  {
    name: "an egress that is shut is not opened by the destination's ingress",
    policies: [shop(DENY_EGRESS), { namespace: "bank", spec: { podSelector: {}, ingress: [{}] } }],
    open: ["default/plain > bank/web 80"],
    shut: ["shop/web > bank/web 80", "shop/web > bank/db 80", "shop/web > shop/db 80"],
  },
  ...[
    ["an unknown port name", { ports: [{ port: "nowhere" }] }],
    ["a selector without pods", { from: [{ podSelector: { matchLabels: { app: "nobody" } } }] }],
    ["a namespace that is not there", { from: [{ namespaceSelector: { matchLabels: { team: "nobody" } } }] }],
  ].map(([what, rule]) => ({
    name: `a rule with ${what} isolates and allows nothing`,
    policies: [shop({ podSelector: DB, ingress: [rule] })],
    ...ONLY_DB_INGRESS_SHUT,
  })),
  {
    name: "only pods with all of the podSelector's labels are selected",
    policies: [shop({ podSelector: { matchLabels: { app: "web", tier: "back" } } })],
    open: ["shop/db > shop/web 80", "shop/db > shop/api 80"],
    shut: [],
  },
];

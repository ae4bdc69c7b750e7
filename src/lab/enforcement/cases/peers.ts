import { DENY_BOTH, type SemanticsCase } from "./semantics-case.ts";

/** Who may reach shop/db, on the other side of a rule with these peers. */
const from = (...peers: readonly object[]) => [
  { namespace: "shop", spec: { podSelector: { matchLabels: { app: "db" } }, ingress: [{ from: peers }] } },
];
/** Whom shop/web may reach. */
const to = (...peers: readonly object[]) => [
  {
    namespace: "shop",
    spec: { podSelector: { matchLabels: { app: "web" } }, policyTypes: ["Egress"], egress: [{ to: peers }] },
  },
];

const SOURCES = ["shop/web", "shop/api", "bank/web", "bank/db", "default/plain", "outside"];
/** Of all sources, exactly these reach shop/db. */
function reachedBy(...open: readonly string[]) {
  const connection = (source: string) => [`${source} > shop/db 80`, `${source} > shop/db 81/UDP v6`];
  const shut = SOURCES.filter((source) => !open.includes(source));
  return { open: open.flatMap(connection), shut: shut.flatMap(connection) };
}
const DESTINATIONS = ["shop/db", "shop/api", "bank/web", "bank/db", "default/plain", "outside"];
/** Of all destinations, shop/web reaches exactly these. */
function reaching(...open: readonly string[]) {
  const connection = (destination: string) => [`shop/web > ${destination} 80`, `shop/web > ${destination} 81/UDP v6`];
  const shut = DESTINATIONS.filter((destination) => !open.includes(destination));
  return { open: open.flatMap(connection), shut: shut.flatMap(connection) };
}

const labels = (matchLabels: object) => ({ matchLabels });
const expression = (key: string, operator: string, values?: readonly string[]) => ({
  matchExpressions: [{ key, operator, ...(values && { values }) }],
});
const API = labels({ app: "api" });
const WEB = labels({ app: "web" });
const BANK = labels({ team: "bank" });

interface Combination {
  readonly name: string;
  readonly peer: object;
  /** Who reaches shop/db. */
  readonly sources: readonly string[];
  /** Whom shop/web reaches. */
  readonly destinations: readonly string[];
}

/** Each selector absent, empty or with labels; both absent is invalid. */
const COMBINATIONS: readonly Combination[] = [
  {
    name: "an empty podSelector is all pods of the policy's namespace",
    peer: { podSelector: {} },
    sources: ["shop/web", "shop/api"],
    destinations: ["shop/db", "shop/api"],
  },
  {
    name: "a podSelector selects in the policy's namespace alone",
    peer: { podSelector: API },
    sources: ["shop/api"],
    destinations: ["shop/api"],
  },
  {
    name: "a podSelector does not select its like in another namespace",
    peer: { podSelector: WEB },
    sources: ["shop/web"],
    destinations: [],
  },
  {
    name: "an empty namespaceSelector is the pods of all namespaces, and nobody outside",
    peer: { namespaceSelector: {} },
    sources: ["shop/web", "shop/api", "bank/web", "bank/db", "default/plain"],
    destinations: ["shop/db", "shop/api", "bank/web", "bank/db", "default/plain"],
  },
  {
    name: "a namespaceSelector selects all pods of its namespaces",
    peer: { namespaceSelector: BANK },
    sources: ["bank/web", "bank/db"],
    destinations: ["bank/web", "bank/db"],
  },
  {
    name: "an empty namespaceSelector with an empty podSelector is all pods",
    peer: { namespaceSelector: {}, podSelector: {} },
    sources: ["shop/web", "shop/api", "bank/web", "bank/db", "default/plain"],
    destinations: ["shop/db", "shop/api", "bank/web", "bank/db", "default/plain"],
  },
  {
    name: "an empty namespaceSelector with a podSelector selects in all namespaces",
    peer: { namespaceSelector: {}, podSelector: WEB },
    sources: ["shop/web", "bank/web"],
    destinations: ["bank/web"],
  },
  {
    name: "a namespaceSelector with an empty podSelector is all pods of its namespaces",
    peer: { namespaceSelector: BANK, podSelector: {} },
    sources: ["bank/web", "bank/db"],
    destinations: ["bank/web", "bank/db"],
  },
  {
    name: "a namespaceSelector and a podSelector are ANDed",
    peer: { namespaceSelector: BANK, podSelector: WEB },
    sources: ["bank/web"],
    destinations: ["bank/web"],
  },
];

const POD_SELECTORS: readonly (readonly [name: string, selector: object, sources: readonly string[]])[] = [
  ["In selects by one of its values", expression("app", "In", ["web", "gone"]), ["shop/web", "bank/web"]],
  ["In takes several values", expression("app", "In", ["web", "api"]), ["shop/web", "shop/api", "bank/web"]],
  [
    "NotIn selects by any other value, and pods without the key",
    expression("tier", "NotIn", ["front"]),
    ["shop/api", "bank/db", "default/plain"],
  ],
  ["Exists selects by the key alone", expression("tier", "Exists"), ["shop/web", "shop/api", "bank/web"]],
  ["Exists is content with an empty value", expression("mark", "Exists"), ["bank/db"]],
  ["DoesNotExist selects pods without the key", expression("tier", "DoesNotExist"), ["bank/db", "default/plain"]],
  ["matchLabels with an empty value needs the key", labels({ mark: "" }), ["bank/db"]],
  ["matchLabels are ANDed", labels({ app: "web", tier: "back" }), []],
  [
    "matchExpressions are ANDed",
    {
      matchExpressions: [
        { key: "tier", operator: "Exists" },
        { key: "app", operator: "NotIn", values: ["api"] },
      ],
    },
    ["shop/web", "bank/web"],
  ],
  [
    "matchLabels and matchExpressions are ANDed",
    { ...labels({ tier: "front" }), ...expression("app", "NotIn", ["web"]) },
    [],
  ],
  ["a key that every object of the language has is absent all the same", expression("constructor", "Exists"), []],
];

const NAMESPACE_SELECTORS: readonly (readonly [name: string, selector: object, sources: readonly string[]])[] = [
  [
    "In on kubernetes.io/metadata.name selects a namespace by its name",
    expression("kubernetes.io/metadata.name", "In", ["bank"]),
    ["bank/web", "bank/db"],
  ],
  [
    "NotIn on kubernetes.io/metadata.name selects the other namespaces",
    expression("kubernetes.io/metadata.name", "NotIn", ["bank"]),
    ["shop/web", "shop/api", "default/plain"],
  ],
  ["NotIn selects namespaces without the key", expression("team", "NotIn", ["shop", "bank"]), ["default/plain"]],
  ["DoesNotExist selects namespaces without the key", expression("team", "DoesNotExist"), ["default/plain"]],
  ["Exists selects namespaces by the key", expression("kind", "Exists"), ["shop/web", "shop/api"]],
];

export const PEER_CASES: readonly SemanticsCase[] = [
  ...[
    ["an absent from", {}],
    ["a null from", { from: null }],
    ["an empty from", { from: [] }],
  ].flatMap(([what, fields]) => [
    {
      name: `${what} is everybody, outside too`,
      policies: [{ namespace: "shop", spec: { podSelector: {}, ingress: [fields] } }],
      ...reachedBy(...SOURCES),
    },
    {
      name: `${what} with ports is everybody on those ports`,
      policies: [
        { namespace: "shop", spec: { podSelector: {}, ingress: [{ ...(fields as object), ports: [{ port: 82 }] }] } },
      ],
      open: SOURCES.flatMap((source) => [`${source} > shop/db 82`, `${source} > shop/db 82 v6`]),
      shut: SOURCES.map((source) => `${source} > shop/db 80`),
    },
  ]),
  ...[
    ["an absent to", {}],
    ["a null to", { to: null }],
    ["an empty to", { to: [] }],
  ].map(([what, fields]) => ({
    name: `${what} with ports is every destination on those ports`,
    policies: [
      {
        namespace: "shop",
        spec: {
          podSelector: {},
          policyTypes: ["Egress"],
          egress: [{ ...(fields as object), ports: [{ port: 82, protocol: "UDP" }] }],
        },
      },
    ],
    open: DESTINATIONS.flatMap((to) => [`shop/web > ${to} 82/UDP`, `shop/web > ${to} 82/UDP v6`]),
    shut: DESTINATIONS.flatMap((to) => [`shop/web > ${to} 82`, `shop/web > ${to} 81/UDP`]),
  })),
  ...COMBINATIONS.flatMap(({ name, peer, sources, destinations }) => [
    { name: `${name}, in from`, policies: from(peer), ...reachedBy(...sources) },
    { name: `${name}, in to`, policies: to(peer), ...reaching(...destinations) },
  ]),
  ...POD_SELECTORS.map(([name, podSelector, pods]) => ({
    name,
    policies: from({ podSelector, namespaceSelector: {} }),
    ...reachedBy(...pods),
  })),
  ...NAMESPACE_SELECTORS.map(([name, namespaceSelector, pods]) => ({
    name,
    policies: from({ namespaceSelector }),
    ...reachedBy(...pods),
  })),
  {
    name: "two peers are ORed",
    policies: from({ namespaceSelector: BANK }, { podSelector: WEB }),
    ...reachedBy("shop/web", "bank/web", "bank/db"),
  },
  {
    name: "a null selector beside another one is absent",
    policies: from({ namespaceSelector: null, podSelector: WEB }),
    ...reachedBy("shop/web"),
  },
  {
    name: "a policy's podSelector takes expressions and absent keys too",
    policies: [{ namespace: "shop", spec: { podSelector: expression("tier", "NotIn", ["front"]) } }],
    open: ["shop/db > shop/web 80", "shop/web > bank/db 80"],
    shut: ["shop/web > shop/api 80", "shop/web > shop/db 80"],
  },
  {
    name: "peers of one policy do not open the pods of another",
    policies: [
      ...from({ namespaceSelector: BANK }),
      { namespace: "shop", spec: DENY_BOTH },
      { namespace: "bank", spec: { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] } },
    ],
    open: ["bank/web > shop/db 80", "bank/db > bank/web 80", "bank/web > bank/db 80 v6"],
    shut: ["bank/web > shop/web 80", "bank/db > shop/api 80", "shop/web > bank/db 80", "default/plain > bank/db 80"],
  },
];

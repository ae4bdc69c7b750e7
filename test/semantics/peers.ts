import { from, given, onDb, onWeb, policy, refused, type Sentence, shown, to } from "./sentence.ts";

const SOURCES = ["shop/web", "shop/api", "bank/web", "bank/db", "default/plain", "outside"];
const DESTINATIONS = ["shop/db", "shop/api", "bank/web", "bank/db", "default/plain", "outside"];

/** Who of all sources reaches shop/db where these are the items of `from`. */
function sources(items: string, reaching: readonly string[]) {
  const connections = (some: readonly string[]) => [...from(some, "shop/db 80"), ...from(some, "shop/db 53/UDP v6")];
  return given([onDb(`ingress: [{from: [${items}]}]`)], {
    allow: connections(reaching),
    deny: connections(SOURCES.filter((source) => !reaching.includes(source))),
  });
}

/** Whom of all destinations shop/web reaches where these are the items of `to`. */
function destinations(items: string, reached: readonly string[]) {
  const connections = (some: readonly string[]) => [
    ...to("shop/web", some, "80"),
    ...to("shop/web", some, "53/UDP v6"),
  ];
  return given([onWeb("policyTypes: [Egress]", `egress: [{to: [${items}]}]`)], {
    allow: connections(reached),
    deny: connections(DESTINATIONS.filter((destination) => !reached.includes(destination))),
  });
}

const ALL_PODS = ["shop/web", "shop/api", "bank/web", "bank/db", "default/plain"];
const ALL_PODS_BUT_WEB = ["shop/db", "shop/api", "bank/web", "bank/db", "default/plain"];
const BANK = "{matchLabels: {team: bank}}";
const WEB = "{matchLabels: {app: web}}";

/** Each selector absent, empty or with labels: who reaches shop/db, and whom shop/web reaches. */
const COMBINATIONS: readonly (readonly [peer: string, sources: readonly string[], destinations: readonly string[]])[] =
  [
    ["{podSelector: {}}", ["shop/web", "shop/api"], ["shop/db", "shop/api"]],
    [`{podSelector: ${WEB}}`, ["shop/web"], []],
    ["{namespaceSelector: {}}", ALL_PODS, ALL_PODS_BUT_WEB],
    ["{namespaceSelector: {}, podSelector: {}}", ALL_PODS, ALL_PODS_BUT_WEB],
    [`{namespaceSelector: {}, podSelector: ${WEB}}`, ["shop/web", "bank/web"], ["bank/web"]],
    [`{namespaceSelector: ${BANK}}`, ["bank/web", "bank/db"], ["bank/web", "bank/db"]],
    [`{namespaceSelector: ${BANK}, podSelector: {}}`, ["bank/web", "bank/db"], ["bank/web", "bank/db"]],
    [`{namespaceSelector: ${BANK}, podSelector: ${WEB}}`, ["bank/web"], ["bank/web"]],
  ];

/** Pods of all namespaces that a podSelector selects. */
const anywhere = (selector: string, pods: readonly string[]) =>
  sources(`{namespaceSelector: {}, podSelector: ${selector}}`, pods);
/** All pods of the namespaces that a namespaceSelector selects. */
const namespaces = (selector: string, pods: readonly string[]) => sources(`{namespaceSelector: ${selector}}`, pods);
const expressions = (...items: readonly string[]) => `{matchExpressions: [${items.join(", ")}]}`;

export const PEERS: readonly Sentence[] = [
  {
    title:
      "`from`/`to` absent, `null` or empty: every source or destination, pods and the outside world; with `ports`: on those ports.",
    checks: [
      ...["", "from: null", "from: []"].flatMap((field) => [
        given([onDb("policyTypes: [Ingress, Egress]", `ingress: [{${field}}]`)], {
          allow: [...from(SOURCES, "shop/db 80"), ...from(SOURCES, "shop/db 65535/SCTP v6")],
          deny: ["shop/db > shop/web 80"],
        }),
        given([onDb(`ingress: [{${field === "" ? "" : `${field}, `}ports: [{port: 82}]}]`)], {
          allow: [...from(SOURCES, "shop/db 82"), ...from(SOURCES, "shop/db 82 v6")],
          deny: [...from(SOURCES, "shop/db 80"), ...from(SOURCES, "shop/db 82/UDP")],
        }),
      ]),
      ...["", "to: null", "to: []"].flatMap((field) => [
        given([onWeb("policyTypes: [Ingress, Egress]", `egress: [{${field}}]`)], {
          allow: [...to("shop/web", DESTINATIONS, "80"), ...to("shop/web", DESTINATIONS, "65535/SCTP v6")],
          deny: ["shop/db > shop/web 80"],
        }),
        given([onWeb("policyTypes: [Egress]", `egress: [{${field === "" ? "" : `${field}, `}ports: [{port: 82}]}]`)], {
          allow: [...to("shop/web", DESTINATIONS, "82"), ...to("shop/web", DESTINATIONS, "82 v6")],
          deny: [...to("shop/web", DESTINATIONS, "80"), ...to("shop/web", DESTINATIONS, "82/UDP")],
        }),
      ]),
    ],
  },
  {
    title: "`podSelector` alone: the policy's own namespace.",
    checks: [
      sources(`{podSelector: ${WEB}}`, ["shop/web"]),
      destinations("{podSelector: {matchLabels: {app: db}}}", ["shop/db"]),
      // A null selector beside it is an absent one.
      sources(`{podSelector: ${WEB}, namespaceSelector: null}`, ["shop/web"]),
      // The policy's namespace, wherever the other end is.
      given([policy("bank/p", `ingress: [{from: [{podSelector: ${WEB}}]}]`)], {
        allow: ["bank/web > bank/db 80"],
        deny: ["shop/web > bank/db 80", "shop/web > bank/web 80"],
      }),
    ],
  },
  {
    title: "`namespaceSelector` alone: all pods of those namespaces.",
    checks: [
      sources(`{namespaceSelector: ${BANK}}`, ["bank/web", "bank/db"]),
      destinations(`{namespaceSelector: ${BANK}}`, ["bank/web", "bank/db"]),
      // The policy's own namespace is not among them by itself, and namespaces are told by their own labels, not by pods'.
      sources(`{namespaceSelector: ${WEB}}`, []),
      sources(`{namespaceSelector: ${BANK}, podSelector: null}`, ["bank/web", "bank/db"]),
    ],
  },
  {
    title: "Both in one item: AND.",
    checks: [
      sources(`{namespaceSelector: ${BANK}, podSelector: ${WEB}}`, ["bank/web"]),
      destinations(`{namespaceSelector: ${BANK}, podSelector: ${WEB}}`, ["bank/web"]),
    ],
  },
  {
    title: "Two items: OR.",
    checks: [
      sources(`{namespaceSelector: ${BANK}}, {podSelector: ${WEB}}`, ["shop/web", "bank/web", "bank/db"]),
      destinations(`{namespaceSelector: ${BANK}}, {podSelector: {matchLabels: {app: api}}}`, [
        "shop/api",
        "bank/web",
        "bank/db",
      ]),
      sources(`{namespaceSelector: ${BANK}, podSelector: ${WEB}}, {podSelector: {matchLabels: {app: api}}}`, [
        "shop/api",
        "bank/web",
      ]),
    ],
  },
  {
    title: "Eight combinations of {absent, `{}`, labels}²; all absent is invalid.",
    checks: [
      ...COMBINATIONS.flatMap(([peer, reaching, reached]) => [sources(peer, reaching), destinations(peer, reached)]),
      ...["{}", "{podSelector: null, namespaceSelector: null}", "null"].flatMap((peer) => [
        refused(
          onDb(`ingress: [{from: [${peer}]}]`),
          "p.yaml:6:21: spec.ingress[0].from[0]: Required value: must specify a peer",
        ),
        refused(
          onDb("policyTypes: [Egress]", `egress: [{to: [${peer}]}]`),
          "p.yaml:7:18: spec.egress[0].to[0]: Required value: must specify a peer",
        ),
      ]),
    ],
  },
  {
    title: "`namespaceSelector: {}`: pods of all namespaces, no outside address.",
    checks: [
      sources("{namespaceSelector: {}}", ALL_PODS),
      destinations("{namespaceSelector: {}}", ALL_PODS_BUT_WEB),
      given([onDb("ingress: [{from: [{namespaceSelector: {}}]}]")], {
        allow: ["default/plain > shop/db 80 v6"],
        deny: ["10.244.9.9 > shop/db 80", "fd00:10:244::9 > shop/db 80 v6", "outside > shop/db 80 v6"],
      }),
    ],
  },
  {
    title: "`matchExpressions` In, NotIn, Exists, DoesNotExist, ANDed with each other and with `matchLabels`.",
    checks: [
      anywhere(expressions("{key: app, operator: In, values: [web, gone]}"), ["shop/web", "bank/web"]),
      anywhere(expressions("{key: app, operator: In, values: [api, web]}"), ["shop/web", "shop/api", "bank/web"]),
      anywhere(expressions("{key: app, operator: NotIn, values: [web, db]}"), ["shop/api", "default/plain"]),
      anywhere(expressions("{key: tier, operator: Exists}"), ["shop/web", "shop/api", "bank/web"]),
      anywhere(expressions("{key: mark, operator: Exists}"), ["bank/web", "bank/db"]),
      anywhere(expressions("{key: tier, operator: DoesNotExist}"), ["bank/db", "default/plain"]),
      anywhere(expressions("{key: tier, operator: Exists}", "{key: app, operator: NotIn, values: [web]}"), [
        "shop/api",
      ]),
      anywhere(expressions("{key: app, operator: In, values: [web]}", "{key: app, operator: In, values: [api]}"), []),
      anywhere("{matchLabels: {app: web, tier: back}}", []),
      anywhere("{matchLabels: {app: web}, matchExpressions: [{key: mark, operator: DoesNotExist}]}", ["shop/web"]),
      anywhere("{matchLabels: {tier: front}, matchExpressions: [{key: app, operator: NotIn, values: [web]}]}", []),
      namespaces(expressions("{key: team, operator: In, values: [bank]}"), ["bank/web", "bank/db"]),
      namespaces(expressions("{key: team, operator: Exists}", "{key: kind, operator: DoesNotExist}"), [
        "bank/web",
        "bank/db",
      ]),
    ],
  },
  {
    title: "NotIn and DoesNotExist select objects that lack the key.",
    checks: [
      anywhere(expressions("{key: tier, operator: NotIn, values: [front]}"), ["shop/api", "bank/db", "default/plain"]),
      anywhere(expressions("{key: tier, operator: DoesNotExist}"), ["bank/db", "default/plain"]),
      // A key with an empty value is there.
      anywhere(expressions("{key: mark, operator: DoesNotExist}"), ["shop/web", "shop/api", "default/plain"]),
      anywhere(expressions('{key: mark, operator: NotIn, values: [""]}'), [
        ...["shop/web", "shop/api", "bank/web", "default/plain"],
      ]),
      namespaces(expressions("{key: team, operator: NotIn, values: [shop, bank]}"), ["default/plain"]),
      namespaces(expressions("{key: team, operator: DoesNotExist}"), ["default/plain"]),
      // The same where a policy chooses its own pods.
      given([policy("shop/p", "podSelector: {matchExpressions: [{key: tier, operator: NotIn, values: [front]}]}")], {
        allow: ["shop/db > shop/web 80"],
        deny: ["shop/web > shop/api 80", "shop/web > shop/db 80"],
      }),
    ],
  },
  {
    title: '`matchLabels: {k: ""}` needs the key with an empty value.',
    checks: [
      anywhere('{matchLabels: {mark: ""}}', ["bank/db"]),
      // null is stored as the empty value.
      anywhere("{matchLabels: {mark: }}", ["bank/db"]),
      given([policy("bank/p", 'podSelector: {matchLabels: {mark: ""}}')], {
        allow: ["shop/web > bank/web 80"],
        deny: ["shop/web > bank/db 80"],
      }),
    ],
  },
  {
    title: "`kubernetes.io/metadata.name` is on every namespace, set by the server, and NotIn on it works.",
    checks: [
      namespaces("{matchLabels: {kubernetes.io/metadata.name: bank}}", ["bank/web", "bank/db"]),
      namespaces(expressions("{key: kubernetes.io/metadata.name, operator: Exists}"), ALL_PODS),
      namespaces(expressions("{key: kubernetes.io/metadata.name, operator: NotIn, values: [bank]}"), [
        ...["shop/web", "shop/api", "default/plain"],
      ]),
      namespaces(expressions("{key: kubernetes.io/metadata.name, operator: DoesNotExist}"), []),
      // It is a label of namespaces, not of pods.
      anywhere("{matchLabels: {kubernetes.io/metadata.name: bank}}", []),
      shown("src/snapshot/parse-manifests.test.ts", "a namespace carries its name as a label, as the server sets it"),
    ],
  },
];

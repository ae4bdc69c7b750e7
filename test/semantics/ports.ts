import { from, given, onDb, onWeb, policy, refused, type Sentence, to } from "./sentence.ts";

/** What these `ports` open to shop/db, which declares 82 and 9001 of TCP, and from shop/web to shop/db: the same. */
function opened(ports: string, open: readonly string[], shut: readonly string[]) {
  const connections = (some: readonly string[]) => [
    ...some.flatMap((port) => [`bank/web > shop/db ${port}`, `outside > shop/db ${port} v6`]),
    ...some.flatMap((port) => [`shop/web > shop/api ${port}`, `shop/web > outside ${port}`]),
  ];
  return given([onDb(`ingress: [{${ports}}]`), onWeb("policyTypes: [Egress]", `egress: [{${ports}}]`)], {
    allow: connections(open),
    deny: connections(shut),
  });
}

const OF_EACH_PROTOCOL = ["1", "82", "65535", "1/UDP", "53/UDP", "65535/UDP", "1/SCTP", "65535/SCTP"];
const OF_TCP = ["1", "82", "65535"];
const OF_UDP = ["1/UDP", "53/UDP", "65535/UDP"];
const OF_SCTP = ["1/SCTP", "65535/SCTP"];

const IN_SHOP = (ports: string) => policy("shop/p", "podSelector: {}", `ingress: [{ports: ${ports}}]`);
const OUT_OF_SHOP = (ports: string, peers = "") =>
  policy("shop/p", "podSelector: {}", "policyTypes: [Egress]", `egress: [{ports: ${ports}${peers}}]`);
const END_PORT = (port: string) => onDb("ingress:", `- ports: [${port}]`);

export const PORTS: readonly Sentence[] = [
  {
    title: "`ports` absent or empty: all ports of all protocols.",
    checks: ["", "ports: []", "ports: null", "ports: "].map((ports) =>
      given([onDb(`ingress: [{from: [{podSelector: {}}]${ports === "" ? "" : `, ${ports}`}}]`)], {
        allow: OF_EACH_PROTOCOL.map((port) => `shop/web > shop/db ${port}`),
        deny: OF_EACH_PROTOCOL.map((port) => `bank/web > shop/db ${port}`),
      }),
    ),
  },
  {
    title: "An item `{}`: all TCP ports (the protocol defaults to TCP).",
    checks: ["[{}]", "[null]", "[{protocol: TCP}]", "[{protocol: null}]", "[{port: null}]"].map((ports) =>
      opened(`ports: ${ports}`, OF_TCP, [...OF_UDP, ...OF_SCTP]),
    ),
  },
  {
    title: "`{protocol: UDP}`: all UDP ports, nothing else.",
    checks: [
      opened("ports: [{protocol: UDP}]", OF_UDP, [...OF_TCP, ...OF_SCTP]),
      opened("ports: [{protocol: SCTP}]", OF_SCTP, [...OF_TCP, ...OF_UDP]),
    ],
  },
  {
    title: "A number matches whether or not the pod declares it.",
    checks: [
      opened("ports: [{port: 82}]", ["82"], ["81", "83", "82/UDP", "9001"]),
      opened("ports: [{port: 4711}]", ["4711"], ["82", "4710", "4712", "4711/UDP", "4711/SCTP"]),
      opened("ports: [{port: 53, protocol: UDP}]", ["53/UDP"], ["53", "53/SCTP", "82"]),
    ],
  },
  {
    title:
      "A name is resolved on the **destination pod**, in egress too, name *and* protocol; it may be another number on each pod, several numbers on one pod, and also declared by a restartable init container; undeclared: matches nothing.",
    checks: [
      given([IN_SHOP("[{port: http}]")], {
        allow: [
          ...to("bank/web", ["shop/web"], "8080"),
          ...to("bank/web", ["shop/api"], "8081"),
          "outside > shop/api 8082 v6",
        ],
        // shop/db has that name for UDP alone.
        deny: [
          ...["bank/web > shop/web 8081", "bank/web > shop/web 80", "bank/web > shop/web 8080/UDP"],
          ...["bank/web > shop/api 8080", "bank/web > shop/db 8083", "bank/web > shop/db 8083/UDP"],
        ],
      }),
      given([IN_SHOP("[{port: http, protocol: UDP}]")], {
        allow: ["bank/web > shop/db 8083/UDP"],
        deny: ["bank/web > shop/db 8083", "bank/web > shop/web 8080/UDP", "bank/web > shop/web 8080"],
      }),
      // shop/db and bank/db declare no http of TCP: the destination's ports count, not those of the pods under the policy.
      given([OUT_OF_SHOP("[{port: http}]")], {
        allow: ["shop/db > shop/web 8080", "shop/web > shop/api 8081", "shop/web > shop/api 8082"],
        deny: [
          "shop/web > shop/api 8080",
          "shop/web > shop/db 8080",
          "shop/web > bank/web 8080",
          "shop/api > bank/db 8081",
        ],
      }),
      given([IN_SHOP("[{port: metrics}, {port: setup}]")], {
        allow: ["bank/web > shop/db 9001"],
        deny: ["bank/web > shop/db 9002", "bank/web > shop/db 9001/UDP", "bank/web > shop/web 9001"],
      }),
      given([IN_SHOP("[{port: nowhere}]"), policy("bank/p", "ingress: [{ports: [{port: http}]}]")], {
        allow: ["shop/web > outside 8080"],
        deny: [
          "bank/web > shop/web 8080",
          "bank/web > shop/db 82",
          "shop/web > bank/web 8080",
          "shop/web > bank/web 80",
        ],
      }),
    ],
  },
  {
    title: "A name never matches an outside address.",
    checks: [
      given([OUT_OF_SHOP("[{port: http}]")], {
        allow: ["shop/db > shop/web 8080"],
        deny: ["shop/web > outside 8080", "shop/web > outside 80", "shop/web > outside 8080 v6"],
      }),
      given([OUT_OF_SHOP("[{port: http}, {port: 443}]", ", to: [{ipBlock: {cidr: 203.0.113.0/24}}]")], {
        allow: ["shop/web > outside 443"],
        deny: ["shop/web > outside 8080", "shop/web > outside 80", "shop/web > shop/api 8081"],
      }),
    ],
  },
  {
    title: "`endPort`: inclusive, needs a numeric `port`, `endPort >= port`, equal is fine.",
    checks: [
      opened(
        "ports: [{port: 8000, endPort: 8002}]",
        ["8000", "8001", "8002"],
        ["7999", "8003", "8001/UDP", "8001/SCTP"],
      ),
      opened("ports: [{port: 81, endPort: 81}]", ["81"], ["80", "82"]),
      opened("ports: [{port: 1, endPort: 65535, protocol: UDP}]", OF_UDP, OF_TCP),
      opened("ports: [{port: 81, endPort: null}]", ["81"], ["80", "82"]),
      refused(
        END_PORT("{port: http, endPort: 90}"),
        "p.yaml:7:35: spec.ingress[0].ports[0].endPort: Invalid value: 90: may not be specified when `port` is non-numeric",
      ),
      refused(
        END_PORT("{endPort: 90}"),
        "p.yaml:7:23: spec.ingress[0].ports[0].endPort: Invalid value: 90: may not be specified when `port` is not specified",
        '    hint: put the first port of the range into "port"',
      ),
      refused(
        END_PORT("{port: 90, endPort: 89}"),
        "p.yaml:7:33: spec.ingress[0].ports[0].endPort: Invalid value: 90: must be greater than or equal to `port`",
      ),
    ],
  },
  {
    title: "Items add up; peers × ports is a cross product within one rule, never across rules.",
    checks: [
      opened(
        "ports: [{port: 80}, {port: 8000, endPort: 8002}, {port: 8002, endPort: 8004}, {port: 53, protocol: UDP}]",
        ["80", "8000", "8002", "8004", "53/UDP"],
        ["79", "53", "80/UDP", "8005", "8001/UDP"],
      ),
      // What is within another item, or within all of a protocol, takes nothing away.
      opened("ports: [{port: 8001}, {}, {port: 8000, endPort: 8002}]", ["80", "8001", "65535"], ["8001/UDP"]),
      given(
        [
          onDb(
            "ingress:",
            "- from: [{podSelector: {matchLabels: {app: web}}}, {podSelector: {matchLabels: {app: api}}}]",
            "  ports: [{port: 80}, {port: 53, protocol: UDP}]",
            "- from: [{namespaceSelector: {matchLabels: {team: bank}}}]",
            "  ports: [{port: 82}]",
          ),
        ],
        {
          allow: [
            ...from(["shop/web", "shop/api"], "shop/db 80"),
            ...from(["shop/web", "shop/api"], "shop/db 53/UDP"),
            ...from(["bank/web", "bank/db"], "shop/db 82"),
          ],
          deny: [
            ...from(["shop/web", "shop/api"], "shop/db 82"),
            ...from(["bank/web", "bank/db"], "shop/db 80"),
            ...from(["bank/web", "bank/db"], "shop/db 53/UDP"),
            ...from(["default/plain", "outside"], "shop/db 80"),
          ],
        },
      ),
    ],
  },
  {
    title: "A policy about SCTP or UDP only isolates for TCP just the same.",
    checks: [
      opened("ports: [{port: 80, protocol: SCTP}]", ["80/SCTP"], ["80", "82", "80/UDP", "53/UDP"]),
      opened("ports: [{protocol: UDP}]", OF_UDP, [...OF_TCP, ...OF_SCTP]),
    ],
  },
];

import type { SemanticsCase } from "./semantics-case.ts";

const ingress = (...rules: readonly object[]) => ({ namespace: "shop", spec: { podSelector: {}, ingress: rules } });
const egress = (...rules: readonly object[]) => ({
  namespace: "shop",
  spec: { podSelector: {}, policyTypes: ["Egress"], egress: rules },
});
const peer = (app: string) => ({ podSelector: { matchLabels: { app } } });

/** What these ports open from bank/web to shop/api, and from shop/api to bank/web: neither of their ports has a name there. */
const PORTS: readonly (readonly [name: string, ports: unknown, open: readonly string[], shut: readonly string[]])[] = [
  ["absent ports are all ports of all protocols", undefined, ["80", "9003", "80/UDP", "9003/UDP"], []],
  ["empty ports are all ports of all protocols", [], ["80", "9003", "80/UDP", "9003/UDP"], []],
  ["null ports are all ports of all protocols", null, ["80", "9003", "80/UDP", "9003/UDP"], []],
  ["an empty port is all of TCP", [{}], ["80", "9003"], ["80/UDP", "9003/UDP"]],
  ["a null port is all of TCP", [null], ["80", "9003"], ["80/UDP", "9003/UDP"]],
  ["a protocol alone is all its ports", [{ protocol: "UDP" }], ["80/UDP", "9003/UDP"], ["80", "9003"]],
  ["a number is TCP, declared or not", [{ port: 81 }], ["81"], ["80", "82", "81/UDP"]],
  ["a number takes its protocol", [{ port: 81, protocol: "UDP" }], ["81/UDP"], ["81", "80/UDP"]],
  ["SCTP opens neither TCP nor UDP", [{ protocol: "SCTP" }, { port: 80, protocol: "SCTP" }], [], ["80", "80/UDP"]],
  ["endPort includes both ends", [{ port: 81, endPort: 8081 }], ["81", "82", "8080", "8081"], ["80", "8082", "82/UDP"]],
  ["an endPort equal to port is that port", [{ port: 81, endPort: 81 }], ["81"], ["80", "82"]],
  [
    "endPort takes its protocol",
    [{ port: 9000, endPort: 9002, protocol: "UDP" }],
    ["9000/UDP", "9001/UDP", "9002/UDP"],
    ["9000", "9001", "9003/UDP"],
  ],
  ["a null endPort is none", [{ port: 81, endPort: null }], ["81"], ["80", "82"]],
  [
    "ports add up, overlapping or not",
    [
      { port: 9000, endPort: 9002 },
      { port: 9001, endPort: 9003 },
      { port: 9001 },
      { port: 80 },
      { port: 81, protocol: "UDP" },
    ],
    ["80", "9000", "9001", "9002", "9003", "81/UDP"],
    ["81", "82", "80/UDP", "9001/UDP"],
  ],
  [
    "a narrow range inside a wide one takes nothing away",
    [{ port: 80, endPort: 9003 }, { port: 81 }],
    ["80", "9003"],
    [],
  ],
  ["a number beside all of a protocol takes nothing away", [{ port: 81 }, {}], ["80", "81", "9003"], ["81/UDP"]],
  [
    "a name that the destination does not declare matches nothing",
    [{ port: "metrics" }],
    [],
    ["80", "9001", "9001/UDP"],
  ],
];

const HTTP = { port: "http" };

export const PORT_CASES: readonly SemanticsCase[] = [
  ...PORTS.map(([name, ports, open, shut]) => ({
    name: `${name}, in ingress and in egress`,
    policies: [ingress({ ports }), egress({ ports })],
    open: open.flatMap(bothWays),
    shut: shut.flatMap(bothWays),
  })),
  {
    name: "a name is another number on each pod, several on one, with its protocol",
    policies: [ingress({ ports: [HTTP] })],
    open: ["bank/web > shop/web 8080", "bank/web > shop/api 8081", "bank/web > shop/api 8082 v6"],
    shut: [
      ...[
        "bank/web > shop/web 80",
        "bank/web > shop/web 8081",
        "bank/web > shop/api 8080",
        "bank/web > shop/web 8080/UDP",
      ],
      ...["bank/web > shop/db 80", "bank/web > shop/db 80/UDP", "bank/web > shop/db 8080", "bank/web > shop/db 8081"],
    ],
  },
  {
    name: "a name with another protocol is another port",
    policies: [ingress({ ports: [{ port: "http", protocol: "UDP" }] })],
    open: ["bank/web > shop/db 80/UDP", "bank/web > shop/db 80/UDP v6"],
    shut: ["bank/web > shop/db 80", "bank/web > shop/web 8080", "bank/web > shop/web 8080/UDP"],
  },
  {
    name: "a name in egress is looked up on the destination, not on the pod that the policy applies to",
    policies: [egress({ ports: [HTTP] })],
    open: ["shop/db > shop/web 8080", "shop/web > shop/api 8081", "shop/db > shop/api 8082 v6"],
    shut: [
      "shop/web > shop/api 8080",
      "shop/db > shop/web 8081",
      "shop/web > shop/db 8080",
      "shop/web > bank/web 8080",
    ],
  },
  {
    name: "a name in egress keeps to the rule's peers",
    policies: [egress({ to: [peer("web")], ports: [HTTP] })],
    open: ["shop/db > shop/web 8080", "shop/db > shop/web 8080 v6"],
    shut: ["shop/db > shop/api 8081", "shop/db > shop/web 8081"],
  },
  {
    name: "a name in ingress keeps to the rule's peers",
    policies: [ingress({ from: [peer("web")], ports: [HTTP] })],
    open: ["shop/web > shop/api 8081", "shop/web > shop/api 8082 v6"],
    shut: ["shop/db > shop/api 8081", "bank/web > shop/api 8081", "shop/web > shop/api 8080"],
  },
  {
    name: "a restartable init container declares names, another one does not",
    policies: [ingress({ ports: [{ port: "metrics" }, { port: "setup" }] })],
    open: ["bank/web > shop/db 9001"],
    shut: ["bank/web > shop/db 9002", "bank/web > shop/db 9001/UDP"],
  },
  {
    name: "a name never matches an address outside, but pods of a block by their own",
    policies: [egress({ to: [{ ipBlock: { cidr: "0.0.0.0/0" } }], ports: [HTTP] })],
    open: ["shop/db > shop/web 8080"],
    shut: ["shop/db > outside 80", "shop/db > outside 8080", "shop/db > shop/web 8080 v6"],
  },
  {
    name: "names and numbers of one rule add up",
    policies: [ingress({ from: [{ podSelector: {} }], ports: [HTTP, { port: 9000, endPort: 9001 }] })],
    open: ["shop/db > shop/web 8080", "shop/db > shop/web 9000", "shop/web > shop/db 9001 v6"],
    shut: [
      "bank/web > shop/web 8080",
      "bank/web > shop/web 9000",
      "shop/web > shop/db 8080",
      "shop/db > shop/web 9002",
    ],
  },
  {
    name: "peers and ports cross within a rule, never across rules",
    policies: [
      ingress(
        { from: [peer("web"), peer("db")], ports: [{ port: 80 }, { port: 81, protocol: "UDP" }] },
        { from: [{ namespaceSelector: { matchLabels: { team: "bank" } } }], ports: [{ port: 82 }] },
      ),
    ],
    open: [
      ...["shop/web > shop/api 80", "shop/web > shop/api 81/UDP", "shop/db > shop/api 80", "shop/db > shop/api 81/UDP"],
      ...["bank/web > shop/api 82", "bank/db > shop/api 82 v6"],
    ],
    shut: [
      ...["shop/web > shop/api 82", "shop/db > shop/api 82", "shop/web > shop/api 81", "shop/web > shop/api 80/UDP"],
      ...["bank/web > shop/api 80", "bank/web > shop/api 81/UDP", "bank/db > shop/api 81/UDP v6"],
    ],
  },
  {
    name: "a policy about UDP isolates for TCP just the same",
    policies: [ingress({ ports: [{ port: 80, protocol: "UDP" }] })],
    open: ["shop/web > shop/db 80/UDP"],
    shut: ["shop/web > shop/db 80", "shop/web > shop/db 81"],
  },
];

function bothWays(port: string): readonly string[] {
  return [`bank/web > shop/api ${port}`, `shop/api > bank/web ${port} v6`];
}

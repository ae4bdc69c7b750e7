import type { SemanticsCase } from "./semantics-case.ts";

const from = (...blocks: readonly object[]) => ({
  namespace: "shop",
  spec: { podSelector: {}, ingress: [{ from: blocks.map((ipBlock) => ({ ipBlock })) }] },
});
const to = (...blocks: readonly object[]) => ({
  namespace: "shop",
  spec: { podSelector: {}, policyTypes: ["Egress"], egress: [{ to: blocks.map((ipBlock) => ({ ipBlock })) }] },
});

/** What each block allows and leaves shut of the addresses outside, as a source and as a destination. */
const BLOCKS: readonly (readonly [
  name: string,
  blocks: readonly object[],
  open: readonly string[],
  shut: readonly string[],
])[] = [
  ["a /32 is one address", [{ cidr: "203.0.113.10/32" }], ["203.0.113.10"], ["203.0.113.200", "2001:db8::10"]],
  ["a /128 is one address", [{ cidr: "2001:db8::10/128" }], ["2001:db8::10"], ["2001:db8::1:10", "203.0.113.10"]],
  [
    "a block of IPv4 goes up to its boundary",
    [{ cidr: "203.0.113.0/25" }],
    ["203.0.113.10"],
    ["203.0.113.200", "2001:db8::10"],
  ],
  [
    "a block of IPv4 begins at its boundary",
    [{ cidr: "203.0.113.128/25" }],
    ["203.0.113.200"],
    ["203.0.113.10", "2001:db8::10"],
  ],
  [
    "a block of IPv6 ends at its boundary",
    [{ cidr: "2001:db8::/112" }],
    ["2001:db8::10"],
    ["2001:db8::1:10", "203.0.113.10"],
  ],
  [
    "an uncompressed IPv6 address is the same one",
    [{ cidr: "2001:DB8:0:0:0:0:1:0/112" }],
    ["2001:db8::1:10"],
    ["2001:db8::10"],
  ],
  [
    "0.0.0.0/0 is all of IPv4 and none of IPv6",
    [{ cidr: "0.0.0.0/0" }],
    ["203.0.113.10", "203.0.113.200"],
    ["2001:db8::10", "2001:db8::1:10"],
  ],
  [
    "::/0 is all of IPv6 and none of IPv4",
    [{ cidr: "::/0" }],
    ["2001:db8::10", "2001:db8::1:10"],
    ["203.0.113.10", "203.0.113.200"],
  ],
  [
    "an except is taken away from its block",
    [{ cidr: "203.0.113.0/24", except: ["203.0.113.200/32"] }],
    ["203.0.113.10"],
    ["203.0.113.200", "2001:db8::10"],
  ],
  [
    "an except goes up to its boundary",
    [{ cidr: "203.0.113.0/24", except: ["203.0.113.0/25"] }],
    ["203.0.113.200"],
    ["203.0.113.10"],
  ],
  [
    "an except of IPv6 is taken away from its block",
    [{ cidr: "2001:db8::/64", except: ["2001:db8::1:0/112"] }],
    ["2001:db8::10"],
    ["2001:db8::1:10", "203.0.113.10"],
  ],
  [
    "several excepts, of which some overlap, are all taken away",
    [{ cidr: "0.0.0.0/0", except: ["203.0.113.0/28", "203.0.113.0/24", "203.0.113.200/32"] }],
    [],
    ["203.0.113.10", "203.0.113.200"],
  ],
  [
    "an except takes nothing away from another block of the rule",
    [{ cidr: "203.0.113.0/24", except: ["203.0.113.200/32"] }, { cidr: "203.0.113.192/26" }],
    ["203.0.113.10", "203.0.113.200"],
    ["2001:db8::10"],
  ],
  ["a null except is none", [{ cidr: "203.0.113.0/24", except: null }], ["203.0.113.10", "203.0.113.200"], []],
];

export const IP_BLOCK_CASES: readonly SemanticsCase[] = [
  ...BLOCKS.map(([name, blocks, open, shut]) => ({
    name: `${name}, in from and in to`,
    policies: [from(...blocks), to(...blocks)],
    open: open.flatMap(bothWays),
    shut: shut.flatMap(bothWays),
  })),
  {
    name: "another rule may allow what an except takes away",
    policies: [
      {
        namespace: "shop",
        spec: {
          podSelector: {},
          ingress: [
            { from: [{ ipBlock: { cidr: "203.0.113.0/24", except: ["203.0.113.200/32"] } }] },
            { from: [{ ipBlock: { cidr: "203.0.113.200/32" } }], ports: [{ port: 81 }] },
          ],
        },
      },
    ],
    open: ["203.0.113.10 > shop/web 80", "203.0.113.200 > shop/web 81"],
    shut: ["203.0.113.200 > shop/web 80"],
  },
  {
    name: "another policy may allow what an except takes away",
    policies: [from({ cidr: "203.0.113.0/24", except: ["203.0.113.200/32"] }), from({ cidr: "203.0.113.200/32" })],
    open: ["203.0.113.10 > shop/web 80", "203.0.113.200 > shop/web 80"],
    shut: ["2001:db8::10 > shop/web 80 v6"],
  },
  {
    name: "a selector may allow the pod that an except takes away",
    policies: [
      {
        namespace: "shop",
        spec: {
          podSelector: { matchLabels: { app: "db" } },
          ingress: [
            {
              from: [
                { ipBlock: { cidr: "10.244.0.0/16", except: ["10.244.1.0/24"] } },
                { podSelector: { matchLabels: { app: "web" } } },
              ],
            },
          ],
        },
      },
    ],
    // Only shop/web and bank/db lie in the except.
    open: ["shop/api > shop/db 80", "bank/web > shop/db 80", "shop/web > shop/db 80", "shop/web > shop/db 80 v6"],
    shut: ["bank/db > shop/db 80", "bank/web > shop/db 80 v6"],
  },
  {
    name: "a block takes in pods by their addresses, each address by itself",
    policies: [from({ cidr: "10.244.2.0/24" }, { cidr: "fd00:10:244:1::/64" })],
    open: ["bank/web > shop/web 80", "shop/api > shop/web 80", "bank/db > shop/web 80 v6"],
    shut: ["bank/db > shop/web 80", "bank/web > shop/web 80 v6", "outside > shop/web 80"],
  },
  {
    name: "a block of pod addresses opens egress to them",
    policies: [to({ cidr: "10.244.2.6/32" })],
    open: ["shop/web > bank/web 80"],
    shut: ["shop/web > bank/web 80 v6", "shop/web > default/plain 80", "shop/web > outside 80"],
  },
];

function bothWays(address: string): readonly string[] {
  return [`${address} > shop/web 80${address.includes(":") ? " v6" : ""}`, `shop/web > ${address} 80`];
}

import type { LabFault } from "../../contracts.ts";
import { DENY_BOTH, type SemanticsCase } from "./semantics-case.ts";

/** What a fault changes, and in `open` and `shut` what it leaves as it is on a faithful lab. */
export interface MisreadingCase extends SemanticsCase {
  /** Shut on a faithful lab. */
  readonly opened?: readonly string[];
  /** Open on a faithful lab. */
  readonly closed?: readonly string[];
}

/** Those that are no misreading of a policy's text are looked at in packets.test.ts. */
type Misreading = Exclude<
  LabFault,
  "nothing-enforced" | "ingress-not-enforced" | "egress-not-enforced" | "slow-programming"
>;

const shop = (spec: object) => [{ namespace: "shop", spec: { podSelector: {}, ...spec } }];
const ofApp = (app: string, spec: object) => shop({ podSelector: { matchLabels: { app } }, ...spec });
/** Who may reach shop/db. */
const from = (...peers: readonly object[]) => ofApp("db", { ingress: [{ from: peers }] });
/** Whom shop/web may reach. */
const to = (...peers: readonly object[]) => ofApp("web", { policyTypes: ["Egress"], egress: [{ to: peers }] });
/** Where every pod of the shop may be reached. */
const at = (...ports: readonly object[]) => shop({ ingress: [{ ports }] });
/** Where every pod of the shop may reach others. */
const out = (...ports: readonly object[]) => shop({ policyTypes: ["Egress"], egress: [{ ports }] });

const pods = (app: string) => ({ podSelector: { matchLabels: { app } } });
const BANK = { namespaceSelector: { matchLabels: { team: "bank" } } };

export const MISREADING_CASES: Readonly<Record<Misreading, readonly MisreadingCase[]>> = {
  "except-ignored": [
    {
      name: "what a block excepts is open with the rest of it",
      policies: from({ ipBlock: { cidr: "203.0.113.0/24", except: ["203.0.113.64/26", "203.0.113.128/25"] } }),
      opened: ["203.0.113.200 > shop/db 80"],
      open: ["203.0.113.10 > shop/db 80"],
      shut: ["bank/web > shop/db 80", "outside > shop/db 80 v6"],
    },
    {
      name: "what a block excepts is open in egress, and for IPv6",
      policies: to({ ipBlock: { cidr: "2001:db8::/32", except: ["2001:db8::1:0/112"] } }),
      opened: ["shop/web > 2001:db8::1:10 80/UDP"],
      open: ["shop/web > 2001:db8::10 80/UDP"],
      shut: ["shop/web > 203.0.113.10 80/UDP"],
    },
  ],
  "endport-ignored-narrow": [
    {
      name: "a range is its first port",
      policies: at({ port: 81, endPort: 8081 }),
      closed: ["bank/web > shop/api 82", "bank/web > shop/api 8081"],
      open: ["bank/web > shop/api 81"],
      shut: ["bank/web > shop/api 80", "bank/web > shop/api 8082", "bank/web > shop/api 81/UDP"],
    },
    {
      name: "a range is its first port in egress, beside all ports of another protocol",
      policies: out({ port: 9000, endPort: 9002, protocol: "UDP" }, { protocol: "TCP" }),
      closed: ["shop/api > bank/web 9001/UDP", "shop/api > bank/web 9002/UDP v6"],
      open: ["shop/api > bank/web 9000/UDP", "shop/api > bank/web 9003"],
      shut: ["shop/api > bank/web 9003/UDP"],
    },
  ],
  "endport-ignored-wide": [
    {
      name: "a range is all ports of its protocol",
      policies: at({ port: 81, endPort: 8081 }),
      opened: ["bank/web > shop/api 80", "bank/web > shop/api 8082", "bank/web > shop/api 9003 v6"],
      open: ["bank/web > shop/api 81", "bank/web > shop/api 8081"],
      shut: ["bank/web > shop/api 81/UDP"],
    },
    {
      name: "a range of one port stays that port, also beside another range",
      policies: out({ port: 81, endPort: 81 }, { port: 9000, endPort: 9001, protocol: "UDP" }),
      opened: ["shop/api > bank/web 80/UDP", "shop/api > bank/web 9002/UDP"],
      open: ["shop/api > bank/web 81", "shop/api > bank/web 9001/UDP"],
      shut: ["shop/api > bank/web 80", "shop/api > bank/web 82"],
    },
  ],
  "named-port-not-resolved": [
    {
      name: "a rule with nothing but a name allows nothing, and still isolates",
      policies: at({ port: "http" }),
      closed: ["bank/web > shop/api 8081", "bank/web > shop/web 8080 v6"],
      open: ["shop/api > bank/web 80"],
      shut: ["bank/web > shop/api 80", "bank/web > shop/api 8081/UDP"],
    },
    {
      name: "a number beside the name still counts, and so does another rule",
      policies: shop({ ingress: [{ ports: [{ port: "http" }, { port: 80 }] }, { from: [pods("web")] }] }),
      closed: ["bank/web > shop/api 8081"],
      open: ["bank/web > shop/api 80", "shop/web > shop/api 8081"],
      shut: ["bank/web > shop/api 82"],
    },
    {
      name: "a name is not resolved in egress either",
      policies: out({ port: "http" }),
      closed: ["shop/web > shop/api 8081"],
      open: ["bank/web > shop/api 80"],
      shut: ["shop/web > shop/api 80"],
    },
  ],
  "protocol-ignored": [
    {
      name: "a port of TCP is one of UDP too",
      policies: at({ port: 80 }),
      opened: ["bank/web > shop/api 80/UDP"],
      open: ["bank/web > shop/api 80"],
      shut: ["bank/web > shop/api 81", "bank/web > shop/api 81/UDP"],
    },
    {
      name: "a range of UDP is one of TCP too, in egress",
      policies: out({ port: 9000, endPort: 9001, protocol: "UDP" }),
      opened: ["shop/api > bank/web 9000", "shop/api > bank/web 9001 v6"],
      open: ["shop/api > bank/web 9001/UDP"],
      shut: ["shop/api > bank/web 9002", "shop/api > bank/web 9002/UDP"],
    },
    {
      name: "all ports of TCP are all ports of UDP too",
      policies: at({}),
      opened: ["bank/web > shop/api 80/UDP", "bank/web > shop/api 9003/UDP"],
      open: ["bank/web > shop/api 9003"],
      shut: [],
    },
    {
      name: "SCTP opens TCP and UDP",
      policies: at({ port: 80, protocol: "SCTP" }),
      opened: ["bank/web > shop/api 80", "bank/web > shop/api 80/UDP"],
      open: ["shop/api > bank/web 80"],
      shut: ["bank/web > shop/api 81"],
    },
    {
      name: "a name of TCP is found as one of TCP, and then opens that number for UDP",
      policies: at({ port: "http" }),
      opened: ["bank/web > shop/api 8081/UDP", "bank/web > shop/web 8080/UDP v6"],
      open: ["bank/web > shop/api 8081"],
      shut: ["bank/web > shop/db 80", "bank/web > shop/db 80/UDP", "bank/web > shop/api 80/UDP"],
    },
    {
      name: "a name of UDP is found as one of UDP, and then opens that number for TCP",
      policies: at({ port: "http", protocol: "UDP" }),
      opened: ["bank/web > shop/db 80"],
      open: ["bank/web > shop/db 80/UDP"],
      shut: ["bank/web > shop/api 8081", "bank/web > shop/api 8081/UDP"],
    },
  ],
  "peer-and-read-as-or": [
    {
      name: "both selectors are all pods of those namespaces, or such pods of the policy's own",
      policies: from({ ...BANK, ...pods("web") }),
      opened: ["bank/db > shop/db 80", "shop/web > shop/db 80 v6"],
      open: ["bank/web > shop/db 80"],
      shut: ["shop/api > shop/db 80", "default/plain > shop/db 80", "outside > shop/db 80"],
    },
    {
      name: "an empty selector is one too, in egress",
      policies: to({ namespaceSelector: {}, ...pods("db") }),
      opened: ["shop/web > default/plain 80", "shop/web > bank/web 80"],
      open: ["shop/web > shop/db 80", "shop/web > bank/db 80"],
      shut: ["shop/web > outside 80"],
    },
    {
      name: "a peer with one selector stays what it is",
      policies: from(pods("api"), { ...BANK, podSelector: { matchLabels: { app: "none" } } }),
      opened: ["bank/web > shop/db 80", "bank/db > shop/db 80"],
      open: ["shop/api > shop/db 80"],
      shut: ["shop/web > shop/db 80", "default/plain > shop/db 80"],
    },
  ],
  "pod-selector-cluster-wide": [
    {
      name: "a podSelector alone selects in every namespace",
      policies: from(pods("web")),
      opened: ["bank/web > shop/db 80", "bank/web > shop/db 80 v6"],
      open: ["shop/web > shop/db 80"],
      shut: ["bank/db > shop/db 80", "shop/api > shop/db 80", "outside > shop/db 80"],
    },
    {
      name: "an empty podSelector is every pod, in egress",
      policies: to({ podSelector: {} }),
      opened: ["shop/web > bank/db 80", "shop/web > default/plain 80/UDP"],
      open: ["shop/web > shop/api 80"],
      shut: ["shop/web > outside 80"],
    },
    {
      name: "a podSelector beside a namespaceSelector stays within its namespaces, and a policy within its own",
      policies: from(pods("api"), { ...BANK, ...pods("web") }, pods("db")),
      opened: ["bank/db > shop/db 80"],
      open: ["bank/web > shop/db 80", "shop/api > shop/db 80", "shop/web > bank/db 80"],
      shut: ["shop/web > shop/db 80"],
    },
  ],
  "policytypes-ignored": [
    {
      name: "rules under ingress count where Egress alone is named, and without a rule nothing isolates for egress",
      policies: shop({ policyTypes: ["Egress"], ingress: [{ ports: [{ port: 80 }] }] }),
      opened: ["shop/web > bank/web 80", "shop/web > shop/db 80"],
      closed: ["bank/web > shop/web 81"],
      open: ["bank/web > shop/web 80"],
      shut: ["shop/web > shop/db 81"],
    },
    {
      name: "where Egress alone is named, ingress is shut without a rule",
      policies: shop({ policyTypes: ["Egress"], egress: [{ ports: [{ port: 80 }] }] }),
      closed: ["bank/web > shop/web 80"],
      open: ["shop/web > bank/web 80"],
      shut: ["shop/web > bank/web 81"],
    },
    {
      name: "rules under egress count where Ingress alone is named",
      policies: shop({ policyTypes: ["Ingress"], egress: [{ ports: [{ port: 80 }] }] }),
      closed: ["shop/web > bank/web 81"],
      open: ["shop/web > bank/web 80"],
      shut: ["bank/web > shop/web 80"],
    },
    {
      name: "an empty list of egress rules isolates nobody",
      policies: shop({ policyTypes: ["Ingress", "Egress"], egress: [] }),
      opened: ["shop/web > outside 80"],
      open: ["bank/web > default/plain 80"],
      shut: ["bank/web > shop/web 80"],
    },
  ],
  "ipv6-not-enforced": [
    {
      name: "no isolation counts for IPv6, in neither direction",
      policies: shop(DENY_BOTH),
      opened: ["bank/web > shop/db 80 v6", "shop/web > outside 80/UDP v6", "shop/web > shop/api 80 v6"],
      open: ["bank/web > default/plain 80 v6"],
      shut: ["bank/web > shop/db 80", "shop/web > outside 80/UDP", "shop/web > shop/api 80"],
    },
    {
      name: "of a rule nothing is left for IPv6 either",
      policies: shop({ ingress: [{ from: [pods("web")], ports: [{ port: 80 }] }] }),
      opened: ["shop/web > shop/db 81 v6", "bank/web > shop/db 80 v6"],
      open: ["shop/web > shop/db 80", "shop/web > shop/db 80 v6"],
      shut: ["shop/web > shop/db 81", "bank/web > shop/db 80"],
    },
  ],
};

import { describeRows, type Row } from "./cast.ts";
import type { Maybe, RawPort, RawRule } from "./evaluate.ts";

const TO_API = "dev/front > shop/api";

function ingress(ports: Maybe<Maybe<RawPort>[]>): Row["policies"] {
  return { "shop/p": { ingress: [{ ports }] } };
}

function egress(ports: RawPort[]): Row["policies"] {
  return { "dev/p": { policyTypes: ["Egress"], egress: [{ ports }] } };
}

function rules(...ingress: RawRule[]): Row["policies"] {
  return { "shop/p": { ingress } };
}

const NUMBERS: Row[] = [
  { name: "absent ports allow every port of every protocol", policies: rules({}), open: { [TO_API]: "everything" } },
  { name: "null ports allow every port of every protocol", policies: ingress(null), open: { [TO_API]: "everything" } },
  { name: "empty ports allow every port of every protocol", policies: ingress([]), open: { [TO_API]: "everything" } },
  { name: "an empty item allows all TCP ports", policies: ingress([{}]), open: { [TO_API]: "TCP all" } },
  { name: "a null item allows all TCP ports", policies: ingress([null]), open: { [TO_API]: "TCP all" } },
  {
    name: "a protocol alone allows all of its ports and nothing else",
    policies: ingress([{ protocol: "UDP" }]),
    open: { [TO_API]: "UDP all" },
  },
  { name: "the protocol defaults to TCP", policies: ingress([{ port: 53 }]), open: { [TO_API]: "TCP 53" } },
  {
    name: "a null protocol is TCP and a null port every port",
    policies: ingress([{ protocol: null, port: null, endPort: null }]),
    open: { [TO_API]: "TCP all" },
  },
  {
    name: "a number matches whether or not the pod declares it",
    policies: ingress([{ port: 8080 }, { port: 4000 }]),
    open: { [TO_API]: "TCP 4000, 8080" },
  },
  {
    name: "the lowest and the highest port are ports",
    policies: ingress([{ port: 1 }, { port: 65_535, protocol: "SCTP" }]),
    open: { [TO_API]: "TCP 1; SCTP 65535" },
  },
  {
    name: "endPort is inclusive",
    policies: ingress([{ port: 8000, endPort: 8010 }]),
    open: { [TO_API]: "TCP 8000-8010" },
  },
  {
    name: "an endPort equal to the port is the port alone",
    policies: ingress([{ port: 8000, endPort: 8000, protocol: "UDP" }]),
    open: { [TO_API]: "UDP 8000" },
  },
  {
    name: "items add up, by protocol",
    policies: ingress([
      { port: 80, endPort: 85 },
      { port: 84, endPort: 90 },
      { port: 91 },
      { port: 80, protocol: "UDP" },
    ]),
    open: { [TO_API]: "TCP 80-91; UDP 80" },
  },
];

const NAMES: Row[] = [
  {
    name: "a name is every number that the destination declares under it",
    policies: ingress([{ port: "http" }]),
    open: { [TO_API]: "TCP 8080, 8088", "192.0.2.7 > shop/api": "TCP 8080, 8088" },
  },
  {
    name: "a name is another number on each pod",
    policies: ingress([{ port: "http" }]),
    open: { [TO_API]: "TCP 8080, 8088", "dev/front > shop/db": "TCP 3000" },
  },
  {
    name: "a name that the destination does not declare matches nothing",
    policies: ingress([{ port: "http" }]),
    open: { "dev/front > shop/front": "nothing" },
  },
  {
    name: "the protocol of a named port must match too",
    policies: ingress([{ port: "http", protocol: "UDP" }, { port: "trace" }]),
    open: { [TO_API]: "nothing" },
  },
  {
    name: "a name is found under its own protocol",
    policies: ingress([{ port: "trace", protocol: "UDP" }]),
    open: { [TO_API]: "UDP 9411" },
  },
  {
    name: "a restartable init container declares names, an ordinary one does not",
    policies: ingress([{ port: "mesh" }, { port: "setup" }]),
    open: { [TO_API]: "TCP 15006" },
  },
  {
    name: "a name in an egress rule is resolved on the destination, not on the source",
    policies: { "shop/p": { policyTypes: ["Egress"], egress: [{ ports: [{ port: "http" }] }] } },
    open: {
      "shop/api > shop/db": "TCP 3000",
      "shop/db > shop/api": "TCP 8080, 8088",
      "shop/api > dev/front": "nothing",
    },
  },
  {
    name: "a name never matches an outside address",
    policies: { "shop/p": { policyTypes: ["Egress"], egress: [{ ports: [{ port: "http" }, { port: 443 }] }] } },
    open: { "shop/api > 192.0.2.7": "TCP 443" },
  },
];

const CROSS_PRODUCT: Row[] = [
  {
    name: "every peer of a rule goes with every port of it",
    policies: rules({
      from: [{ podSelector: {} }, { ipBlock: { cidr: "192.0.2.0/24" } }],
      ports: [{ port: 80 }, { port: "metrics" }],
    }),
    open: { "shop/front > shop/api": "TCP 80, 9090", "192.0.2.7 > shop/api": "TCP 80, 9090", [TO_API]: "nothing" },
  },
  {
    name: "a peer of one rule does not go with a port of another",
    policies: rules(
      { from: [{ podSelector: {} }], ports: [{ port: 80 }] },
      { from: [{ namespaceSelector: { matchLabels: { team: "red" } } }], ports: [{ port: 81 }] },
    ),
    open: { "shop/front > shop/api": "TCP 80", [TO_API]: "TCP 81", "ops/agent > shop/api": "nothing" },
  },
  {
    name: "egress and ingress names meet on the destination",
    policies: { ...egress([{ port: "http" }]), ...ingress([{ port: 8080 }]) },
    open: { [TO_API]: "TCP 8080", "dev/front > shop/db": "nothing" },
  },
];

describeRows("numbers", NUMBERS);
describeRows("names", NAMES);
describeRows("peers × ports", CROSS_PRODUCT);

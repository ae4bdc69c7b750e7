import { type KubeObject, LAB_FAULTS, type LabEnvironmentFault, type LabFault } from "../contracts.ts";
import { type Fields, fieldsOf } from "../raw-json.ts";
import type { PolicyPod } from "./pods.ts";
import { type Direction, type Peer, type Policy, type Port, type Rule, readPolicy } from "./policies.ts";
import { PROTOCOLS } from "./protocols.ts";

/** How a plugin takes what it is told. Where a step gives a list, it may leave out and add. */
interface Reading {
  /** A policy's spec as it is stored. */
  readonly spec: (stored: Fields) => Fields;
  readonly peer: (peer: Peer) => readonly Peer[];
  readonly port: (port: Port) => readonly Port[];
  /** A node's own pod, when policies are looked for that apply to it. */
  readonly subject: (pod: PolicyPod, direction: Direction) => readonly PolicyPod[];
}

const FAITHFUL: Reading = {
  spec: (stored) => stored,
  peer: (peer) => [peer],
  port: (port) => [port],
  subject: (pod) => [pod],
};

const READINGS: Readonly<Record<LabFault, Reading>> = {
  "nothing-enforced": { ...FAITHFUL, subject: () => [] },
  "ingress-not-enforced": { ...FAITHFUL, subject: (pod, direction) => (direction === "ingress" ? [] : [pod]) },
  "egress-not-enforced": { ...FAITHFUL, subject: (pod, direction) => (direction === "egress" ? [] : [pod]) },
  "except-ignored": { ...FAITHFUL, peer: (peer) => [peer.kind === "ipBlock" ? { ...peer, except: [] } : peer] },
  "endport-ignored-narrow": {
    ...FAITHFUL,
    port: (port) => [isNumberWithEndPort(port) ? { ...port, last: port.first } : port],
  },
  "endport-ignored-wide": {
    ...FAITHFUL,
    port: (port) => [isNumberWithEndPort(port) ? { ...port, first: 0, last: 65535 } : port],
  },
  "named-port-not-resolved": { ...FAITHFUL, port: (port) => (port.kind === "name" ? [] : [port]) },
  "protocol-ignored": { ...FAITHFUL, port: (port) => PROTOCOLS.map((protocol) => ({ ...port, protocol })) },
  "peer-and-read-as-or": {
    ...FAITHFUL,
    peer: (peer) =>
      peer.kind === "pods" && peer.namespaces !== undefined && peer.pods !== undefined
        ? [
            { ...peer, pods: undefined },
            { ...peer, namespaces: undefined },
          ]
        : [peer],
  },
  "pod-selector-cluster-wide": {
    ...FAITHFUL,
    // Beside the peer as it is, which needs no Namespace object to select the pods of the policy's own.
    peer: (peer) =>
      peer.kind === "pods" && peer.namespaces === undefined ? [peer, { ...peer, namespaces: () => true }] : [peer],
  },
  "policytypes-ignored": { ...FAITHFUL, spec: ({ policyTypes: _, ...spec }) => spec },
  "ipv6-not-enforced": {
    ...FAITHFUL,
    subject: (pod) => [{ ...pod, addresses: { ...pod.addresses, ipv6: [] } }],
  },
  "slow-programming": FAITHFUL, // late, but right
};

/** Policies and the pods that they may apply to, as they are under some faults. */
export interface PolicyReading {
  readPolicy(stored: KubeObject): Policy;
  subjects(pods: readonly PolicyPod[], direction: Direction): readonly PolicyPod[];
}

/** Several faults misread one after the other, in the order of LAB_FAULTS. Those of the environment misread nothing. */
export function readingUnder(faults: readonly (LabFault | LabEnvironmentFault)[]): PolicyReading {
  const readings = LAB_FAULTS.filter((fault) => faults.includes(fault)).map((fault) => READINGS[fault]);
  return {
    readPolicy(stored) {
      const spec = readings.reduce((left, reading) => reading.spec(left), fieldsOf(stored.spec));
      const { rules, ...policy } = readPolicy({ ...stored, spec });
      const misread = Object.entries(rules).map(([direction, list]) => [
        direction,
        list.flatMap((rule) => misreadRule(rule, readings)),
      ]);
      return { ...policy, rules: Object.fromEntries(misread) };
    },
    subjects: (pods, direction) =>
      readings.reduce((left, { subject }) => left.flatMap((pod) => subject(pod, direction)), pods),
  };
}

function misreadRule(rule: Rule, readings: readonly Reading[]): readonly Rule[] {
  const peers = readings.reduce((left, { peer }) => left.flatMap((item) => peer(item)), rule.peers);
  const ports = readings.reduce((left, { port }) => left.flatMap((item) => port(item)), rule.ports);
  // A rule whose ports all match nothing is no rule without ports, which would allow every port.
  return rule.ports.length > 0 && ports.length === 0 ? [] : [{ peers, ports }];
}

/** All ports, which begin at 0, are no such range. */
function isNumberWithEndPort(port: Port): port is Port & { kind: "range" } {
  return port.kind === "range" && port.first > 0 && port.last > port.first;
}

import { type KubeObject, LAB_FAULTS, type LabEnvironmentFault, type LabFault } from "../contracts.ts";
import type { PolicyPod } from "./pods.ts";
import { type Direction, type Policy, readPolicy } from "./policies.ts";

/** How a plugin takes what it is told; each step may leave out, change and add. */
interface Reading {
  /** A node's own pod, when policies are looked for that apply to it. */
  readonly subject: (pod: PolicyPod, direction: Direction) => readonly PolicyPod[];
}

const FAITHFUL: Reading = {
  subject: (pod) => [pod],
};

const READINGS: Readonly<Record<LabFault, Reading>> = {
  "nothing-enforced": { ...FAITHFUL, subject: () => [] },
  "ingress-not-enforced": { ...FAITHFUL, subject: (pod, direction) => (direction === "ingress" ? [] : [pod]) },
  "egress-not-enforced": { ...FAITHFUL, subject: (pod, direction) => (direction === "egress" ? [] : [pod]) },
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
    readPolicy,
    subjects: (pods, direction) =>
      readings.reduce((left, { subject }) => left.flatMap((pod) => subject(pod, direction)), pods),
  };
}

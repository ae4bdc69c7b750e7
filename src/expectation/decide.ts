// What each direction of one connection is granted, and by which clauses of which policies.
import type { Direction } from "../snapshot/index.ts";
import { type Address, contains } from "./cidr.ts";
import type { CompiledPeer, Namespaces, Opening, Who } from "./compiled-policy.ts";
import type { Allow, Decision, DirectionDecision } from "./decision.ts";
import type { Reading } from "./fault.ts";
import type { PodView, Subject } from "./pod-view.ts";

/** One end of a connection as policies see it. Without a pod it lies outside the cluster. */
export interface End {
  readonly address: Address;
  readonly view?: PodView;
}

export interface Ends {
  readonly source: End;
  readonly destination: End;
}

export function decide(ends: Ends, reading: Reading): Decision {
  return { egress: decideDirection("egress", ends, reading), ingress: decideDirection("ingress", ends, reading) };
}

function decideDirection(direction: Direction, ends: Ends, reading: Reading): DirectionDecision {
  const [ownEnd, peerEnd] = direction === "egress" ? [ends.source, ends.destination] : [ends.destination, ends.source];
  if (ownEnd.view === undefined) return { kind: "outside" };
  const isEnforced = reading.enforces(direction, ownEnd.address.family);
  const policies = isEnforced ? ownEnd.view.subject.policies[direction] : [];
  if (policies.length === 0) return { kind: "not-isolated" };
  const allows: Allow[] = [];
  for (const { peers } of policies) {
    for (const peer of peers[direction] ?? []) {
      // "The traffic must match both ports and from."
      if (matches(peer.who, peerEnd)) addAllows(allows, openingsOf(peer, peerEnd), ends.destination.view);
    }
  }
  return { kind: "isolated", by: policies.map(({ name }) => name), allows };
}

// In egress rules too a name means a port of the pod that is connected to. A name that it does not declare opens nothing,
// and nothing outside the cluster declares any.
function addAllows(allows: Allow[], openings: readonly Opening[], destination: PodView | undefined): void {
  for (const opening of openings) {
    switch (opening.kind) {
      case "numbers":
        allows.push(opening.allow);
        break;
      case "name": {
        const ports = destination?.namedPorts.get(opening.key);
        if (ports !== undefined) allows.push(opening.allow(ports));
      }
    }
  }
}

function matches(who: Who, end: End): boolean {
  switch (who.kind) {
    case "everyone":
      return true;
    case "pods":
      return end.view !== undefined && matchesPod(who, end.view.subject);
    case "ipBlock":
      // "The except entry describes CIDRs that should not be included within this rule": only within its own block.
      return contains(who.cidr, end.address) && !who.except.some((exception) => contains(exception, end.address));
  }
}

function matchesPod(who: Extract<Who, { kind: "pods" }>, subject: Subject): boolean {
  return isAmong(who.namespaces, subject) && subject.isSelected[who.podSelector] === true;
}

function isAmong(namespaces: Namespaces, subject: Subject): boolean {
  switch (namespaces.kind) {
    case "own":
      return namespaces.name === subject.namespace;
    case "selected":
      return subject.isNamespaceSelected[namespaces.selector] === true;
  }
}

function openingsOf(peer: CompiledPeer, end: End): readonly Opening[] {
  return peer.who.kind === "ipBlock" && end.view !== undefined ? peer.opensViaPodAddress : peer.opens;
}

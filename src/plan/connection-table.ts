import type { ConnectionExpectation, Decision, Expectation } from "../expectation/index.ts";
import type { Protocol } from "../snapshot/index.ts";
import { type End, familyOf } from "./ends.ts";
import type { PlannedConnection, Purpose } from "./model.ts";
import type { PortOfInterest } from "./ports.ts";

/** A Service and what listens behind one of its ports. */
export interface ServiceTarget {
  readonly name: string;
  readonly address: string;
  readonly protocol: Protocol;
  readonly port: number;
  /** At least one. */
  readonly backends: readonly Backend[];
}

/** Where a connection to a Service ends: a policy sees the pod behind it, at its own address and port. */
export interface Backend {
  readonly end: End;
  readonly port: number;
}

/** Turns pairs and ports into connections, and keeps each distinct decision once. */
export class ConnectionTable {
  readonly decisions: Decision[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #expectation: Expectation;

  constructor(expectation: Expectation) {
    this.#expectation = expectation;
  }

  row(source: End, destination: End, { on, purpose }: { on: PortOfInterest; purpose: Purpose }): PlannedConnection {
    const expected = this.#expectation.connection(source.endpoint, destination.endpoint, on);
    return {
      probe: {
        id: connectionId(source, destination, on),
        source: source.party,
        sourceAddress: source.address,
        destination: destination.party,
        address: destination.address,
        ...(destination.only === undefined ? {} : { handshake: true }),
        ...on,
      },
      from: source.name,
      to: destination.name,
      purpose,
      expectation: expected.kind,
      decision: this.#intern(expected),
      deniedBy: expected.kind === "deny" ? expected.because : [],
      ...(expected.kind === "unspecified" ? { unspecifiedBecause: expected.because } : {}),
    };
  }

  /** To a Service: decided as towards the first of the pods behind it. */
  serviceRow(source: End, { name, address, protocol, port, backends }: ServiceTarget): PlannedConnection {
    const [first] = backends;
    if (first === undefined) throw new Error(`nothing is behind ${name}`);
    const row = this.row(source, first.end, { on: { protocol, port: first.port }, purpose: "policies" });
    const through = backends.map(({ end, port: own }) => ({
      destination: end.party,
      address: end.address,
      protocol,
      port: own,
    }));
    const over = familyOf(address) === 6 ? " over IPv6" : "";
    const probe = { ...row.probe, id: `${source.name} > ${name} ${port}/${protocol}${over}`, address, port, through };
    return { ...row, probe, to: name };
  }

  #intern({ decision }: ConnectionExpectation): number {
    const key = JSON.stringify(decision);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.decisions.push(decision) - 1);
    return this.decisions.length - 1;
  }
}

/** An address outside shows its family itself, and of a pod's own the first needs no word. */
function connectionId(source: End, destination: End, { protocol, port }: PortOfInterest): string {
  const isFurther = !source.isOutside && !destination.isOutside && !(source.isFirst && destination.isFirst);
  return `${source.name} > ${destination.name} ${port}/${protocol}${isFurther ? ` over IPv${source.family}` : ""}`;
}

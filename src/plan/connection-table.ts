import type { ConnectionExpectation, Decision, Expectation } from "../expectation/index.ts";
import type { End } from "./ends.ts";
import type { PlannedConnection, Purpose } from "./model.ts";
import type { PortOfInterest } from "./ports.ts";

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

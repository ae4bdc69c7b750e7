import type { Endpoint, Expectation, PairExpectation } from "../expectation/index.ts";
import type { Direction, NetworkPolicy, Pod } from "../snapshot/index.ts";
import { type AddressRange, addressAt, divide, rangeOf } from "./address-range.ts";
import { ipBlocks } from "./peers.ts";

export interface Policies {
  readonly expectation: Expectation;
  readonly policies: readonly NetworkPolicy[];
}

/** Addresses outside that the policies of a pod cannot tell apart, and what they say of each. */
export interface CidrPart {
  readonly range: AddressRange;
  readonly pair: PairExpectation;
}

/** What the policies say between a pod and every address of a CIDR, whether or not there is a host to try it with. */
export function cidrParts(
  pod: Pod,
  { cidr, direction }: { cidr: string; direction: Direction },
  { expectation, policies }: Policies,
): readonly CidrPart[] {
  const whole = rangeOf(cidr);
  const at = (range: AddressRange): CidrPart => {
    const outside: Endpoint = { kind: "address", address: addressAt(range.family, range.first) };
    const inside: Endpoint = { kind: "pod", pod, address: addressOf(pod, range.family) };
    return {
      range,
      pair: direction === "egress" ? expectation.pair(inside, outside) : expectation.pair(outside, inside),
    };
  };
  const decided = at(whole).pair.decision[direction];
  const by = new Set(decided.kind === "isolated" ? decided.by.map(nameOf) : []);
  const blocks = policies.filter((policy) => by.has(nameOf(policy))).flatMap((policy) => ipBlocks(policy, direction));
  return divide(whole, blocks.flatMap(({ cidr: own, except }) => [own, ...except]).map(rangeOf)).map(at);
}

/** Towards an address outside the pod's own decides nothing; it only has to be of the same family. */
function addressOf({ addresses }: Pod, family: 4 | 6): string {
  return addresses.find((address) => address.includes(":") === (family === 6)) ?? addressAt(family, 0n);
}

function nameOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

import { isIP } from "node:net";
import { InvalidArgumentError } from "commander";
import type { ExternalTarget } from "../plan/index.ts";

/** For options that may be given several times. */
export function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

export function seconds(value: string): number {
  const number = Number(value.replace(/s$/, ""));
  if (!(number > 0 && number <= 3600)) throw new InvalidArgumentError("It is a number of seconds, up to 3600.");
  return number;
}

export function count(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError("It is a whole number from 1.");
  return number;
}

/** `ADDRESS:PORT`, an IPv6 address in brackets; may be given several times. */
export function externalTarget(value: string, previous: readonly ExternalTarget[] = []): readonly ExternalTarget[] {
  const [, bracketed, plain, digits] = /^(?:\[(.+)\]|([^:]+)):(\d+)$/.exec(value) ?? [];
  const address = bracketed ?? plain ?? "";
  const port = Number(digits);
  if (isIP(address) !== (bracketed === undefined ? 4 : 6) || port < 1 || port > 65_535) {
    throw new InvalidArgumentError("Write ADDRESS:PORT, such as 203.0.113.7:443 or [2001:db8::7]:443.");
  }
  const isKnown = previous.some((one) => one.address === address && one.port === port);
  return isKnown ? previous : [...previous, { address, port }];
}

/** A name that the API server would accept for a namespace. */
export function namespaceName(value: string): string {
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(value)) {
    throw new InvalidArgumentError('It is a name of lower case letters, digits and "-", at most 63 characters.');
  }
  return value;
}

import { InvalidArgumentError } from "commander";

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

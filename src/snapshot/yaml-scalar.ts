export type ScalarValue = string | number | boolean | null;

/** How YAML 1.2 (core schema) reads a scalar without quotes. */
export function readPlain(source: string): ScalarValue {
  if (NULLS.has(source)) return null;
  if (/^(?:true|True|TRUE)$/.test(source)) return true;
  if (/^(?:false|False|FALSE)$/.test(source)) return false;
  if (DECIMAL.test(source) || /^0o[0-7]+$/.test(source) || /^0x[0-9a-fA-F]+$/.test(source)) return Number(source);
  return readSpecialFloat(source) ?? source;
}

/**
 * True if readers of YAML 1.1, kubectl among them, may take a scalar without quotes for something else than readers of
 * YAML 1.2: `no`, `on`, `017`, `1_000`, and by the letter of 1.1 also `1:30` and `0o17`. Timestamps are no such case:
 * kubectl keeps their text.
 */
export function isReadDifferentlyIn11(source: string): boolean {
  if (/^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/.test(source) || /^0o[0-7]+$/.test(source)) return true;
  return !Object.is(readPlain(source), readAsKubectl(source));
}

/** The rules of go-yaml v2, which kubectl uses; they are not quite those of YAML 1.1. */
function readAsKubectl(source: string): ScalarValue {
  if (NULLS.has(source)) return null;
  if (/^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/.test(source)) return true;
  if (/^(?:n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/.test(source)) return false;
  const special = readSpecialFloat(source);
  if (special !== undefined) return special;
  if (!/^[-+0-9.]/.test(source)) return source;
  const digits = source.replaceAll("_", "");
  return readGoInteger(digits) ?? readGoFloat(digits) ?? source;
}

/** A number too large for 64 bits stays text. */
function readGoFloat(digits: string): number | undefined {
  const value = DECIMAL.test(digits) ? Number(digits) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

/** Go's ParseInt with base 0: a sign before any prefix, and a leading zero means octal. */
function readGoInteger(digits: string): number | undefined {
  const match = /^([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)$/.exec(digits);
  if (match?.[2] === undefined) return undefined;
  const magnitude = Number(match[2].replace(/^0[oO]?(?=[0-7])/, "0o"));
  return match[1] === "-" ? -magnitude : magnitude;
}

function readSpecialFloat(source: string): number | undefined {
  if (/^\.(?:nan|NaN|NAN)$/.test(source)) return Number.NaN;
  const match = /^([-+]?)\.(?:inf|Inf|INF)$/.exec(source);
  if (match === null) return undefined;
  return match[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

const NULLS: ReadonlySet<string> = new Set(["", "~", "null", "Null", "NULL"]);
const DECIMAL = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;

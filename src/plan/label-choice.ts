import { selects } from "../expectation/index.ts";
import type { Labels, Requirement, Selector } from "../snapshot/index.ts";
import type { NotTested } from "./model.ts";

/** Labels that a selector just selects, or just does not. */
export interface LabelChoice {
  readonly labels: Labels;
  /** For people: the requirement that fails, and how. */
  readonly why: string;
}

/** How many values of a selector have a pod or a namespace each. */
const MOST_CHOICES = 5;

/** Sets of labels that the selector selects: one for each value of an In, at most `limit`. Empty if it can select nothing. */
export function selectedLabels(selector: Selector, limit = MOST_CHOICES): readonly Labels[] {
  const found: Labels[] = [];
  for (const lead of leads(selector)) {
    const labels = assemble(selector, (key) => (lead?.key === key ? lead.value : undefined));
    if (labels !== undefined && !found.some((known) => sameLabels(known, labels))) found.push(labels);
    if (found.length === limit) break;
  }
  return found;
}

/** Those beyond the limit, as what is not tested; none for most selectors. */
export function furtherChoices(selector: Selector, isThere: (choice: Labels) => boolean): readonly NotTested[] {
  const further = selectedLabels(selector, Number.POSITIVE_INFINITY)
    .slice(MOST_CHOICES)
    .filter((labels) => !isThere(labels));
  if (further.length === 0) return [];
  const [shown, others] = [further.slice(0, MOST_CHOICES).map(formatLabels).join("; "), further.length - MOST_CHOICES];
  const what = `labels that a selector selects: ${shown}${others > 0 ? ` and ${others} more` : ""}`;
  return [{ what, reason: `only ${MOST_CHOICES} of a selector's values are placed` }];
}

/** Labels that fail exactly one requirement of the selector, each requirement in turn, by another value and by absence. */
export function nearMisses(selector: Selector): readonly LabelChoice[] {
  const base = assemble(selector, () => undefined);
  if (base === undefined) return [];
  return selector.flatMap((requirement) => {
    const others = selector.filter((other) => other !== requirement && other.key === requirement.key);
    return waysToFail(requirement).flatMap((value): LabelChoice[] => {
      const labels = withLabel(base, requirement.key, value);
      if (selects([requirement], labels) || !selects(others, labels)) return [];
      return [{ labels, why: `fails only ${formatRequirement(requirement)}` }];
    });
  });
}

export function sameLabels(a: Labels, b: Labels): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key]);
}

export function hasLabels(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

export function formatRequirement({ key, operator, values }: Requirement): string {
  if (operator === "In" && values.length === 1) return `${key}=${values[0]}`;
  if (operator === "Exists" || operator === "DoesNotExist") return `${key} ${operator}`;
  return `${key} ${operator} (${values.join(", ")})`;
}

/** Whether an object with these labels is selected, by the same values of its Ins as the choice. */
export function isChosen(selector: Selector, choice: Labels, labels: Labels): boolean {
  const isSame = ({ key, operator }: Requirement): boolean => operator !== "In" || labels[key] === choice[key];
  return selects(selector, labels) && selector.every(isSame);
}

function formatLabels(labels: Labels): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(", ");
}

export function formatSelector(selector: Selector): string {
  return selector.length === 0 ? "everything" : selector.map(formatRequirement).join(", ");
}

/** Undefined first, then each value of each In: the choices that lead to different selected labels. */
function* leads(selector: Selector): Iterable<{ key: string; value: string } | undefined> {
  yield undefined;
  for (const { key, operator, values } of selector) {
    if (operator === "In") for (const value of values) yield { key, value };
  }
}

function assemble(selector: Selector, preferred: (key: string) => string | undefined): Labels | undefined {
  const labels: Record<string, string> = {};
  for (const key of new Set(selector.map((requirement) => requirement.key))) {
    const own = selector.filter((requirement) => requirement.key === key);
    const value = candidates(own, preferred(key)).find((candidate) => selects(own, withLabel({}, key, candidate)));
    if (value === undefined) return undefined;
    if (value !== ABSENT) labels[key] = value;
  }
  return labels;
}

const ABSENT = Symbol("absent");
type Candidate = string | typeof ABSENT;

/** Every value that requirements on one key can tell apart: those they mention, absence, and one that nobody mentions. */
function candidates(requirements: Selector, preferred: string | undefined): readonly Candidate[] {
  const mentioned = requirements.flatMap(({ values }) => values);
  return [...(preferred === undefined ? [] : [preferred]), ...mentioned, ABSENT, unmentioned(mentioned)];
}

function waysToFail({ operator, values }: Requirement): readonly Candidate[] {
  switch (operator) {
    case "In":
      return [unmentioned(values), ABSENT];
    case "NotIn":
      return values;
    case "Exists":
      return [ABSENT];
    case "DoesNotExist":
      return [unmentioned(values)];
  }
}

/** One letter off is how selectors miss in practice: a value that looks like the one meant. */
function unmentioned(values: readonly string[]): string {
  const [first] = values;
  let value = first ? `not-${first}`.slice(0, 63).replace(/[^A-Za-z0-9]+$/, "") : "some";
  while (values.includes(value)) value = `x${value}`.slice(0, 63);
  return value;
}

function withLabel(labels: Labels, key: string, value: Candidate): Labels {
  const { [key]: _, ...rest } = labels;
  return value === ABSENT ? rest : { ...rest, [key]: value };
}

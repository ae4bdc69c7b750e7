import type { Labels } from "../snapshot/index.ts";

/** The label that the API server puts on every namespace. */
export const NAME_LABEL = "kubernetes.io/metadata.name";

/** A readable name from labels: their values, the usual keys first. `fallback` where there is nothing to take. */
export function nameOfLabels(labels: Labels, fallback: string): string {
  const keys = Object.keys(labels).sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const words = keys.map((key) => dnsWord(labels[key] || key)).filter((word) => word !== "");
  return words.join("-").slice(0, MAX_NAME).replace(/-+$/, "") || fallback;
}

/** Pod names that are unique within their namespace. */
export class PodNames {
  readonly #taken = new Set<string>();

  /** `otherwise` is what to begin with where the wanted name is taken. */
  take(namespace: string, wanted: string, otherwise = `${wanted}-2`): string {
    const isTaken = (candidate: string): boolean => this.#taken.has(`${namespace}/${candidate}`);
    let name = isTaken(wanted) ? otherwise : wanted;
    for (let i = 3; isTaken(name); i++) name = `${wanted}-${i}`;
    this.#taken.add(`${namespace}/${name}`);
    return name;
  }
}

const USUAL_KEYS = ["app.kubernetes.io/name", "app", "k8s-app", "name", "app.kubernetes.io/component", "role", "tier"];
const MAX_NAME = 40;

function rank(key: string): number {
  const index = USUAL_KEYS.indexOf(key);
  return index === -1 ? USUAL_KEYS.length : index;
}

function dnsWord(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
}

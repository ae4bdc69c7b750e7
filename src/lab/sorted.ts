import type { KubeObject } from "./contracts.ts";

/** By namespace and name, so that the order in which the store lists things does not show in the rules. */
export function sortedByName(objects: readonly KubeObject[]): readonly KubeObject[] {
  const keyed = objects.map((object) => ({
    object,
    key: `${object.metadata.namespace ?? ""}/${object.metadata.name}`,
  }));
  keyed.sort((left, right) => (left.key < right.key ? -1 : Number(left.key > right.key)));
  return keyed.map(({ object }) => object);
}

import type { KubeObject } from "../../contracts.ts";
import type { ApiRequest } from "../request.ts";
import { parseFieldSelector } from "../selectors/field-selector.ts";
import { parseLabelSelector } from "../selectors/label-selector.ts";

export interface Selection {
  readonly matches: (object: KubeObject) => boolean;
  /** Neither a label nor a field selector was given. */
  readonly isWhole: boolean;
}

/** What a list, a watch or a deletion of a collection is about: namespace, label and field selector together. */
export function selection({ namespace, resource, query }: ApiRequest): Selection {
  const labels = query.get("labelSelector") ?? "";
  const fields = query.get("fieldSelector") ?? "";
  const labelsMatch = parseLabelSelector(labels);
  const fieldsMatch = parseFieldSelector(fields, resource);
  return {
    isWhole: labels === "" && fields === "",
    matches: (object) =>
      (namespace === undefined || object.metadata.namespace === namespace) &&
      labelsMatch(object.metadata.labels ?? {}) &&
      fieldsMatch(object),
  };
}

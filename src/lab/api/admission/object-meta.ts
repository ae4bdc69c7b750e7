import { type Cause, invalidValue, required } from "../field-errors.ts";
import { labelKeyFaults, labelValueFaults, type NameRule, nameFaults } from "./names.ts";
import { BOOL, INT64, listOf, omitted, pointer, RAW, STRING, STRING_MAP, struct, written } from "./shapes.ts";

const OWNER_REFERENCE = struct("OwnerReference", {
  apiVersion: written(STRING),
  kind: written(STRING),
  name: written(STRING),
  uid: written(STRING),
  controller: pointer(BOOL),
  blockOwnerDeletion: pointer(BOOL),
});

export const OBJECT_META = struct("ObjectMeta", {
  name: omitted(STRING),
  generateName: omitted(STRING),
  namespace: omitted(STRING),
  selfLink: omitted(STRING),
  uid: omitted(STRING),
  resourceVersion: omitted(STRING),
  generation: omitted(INT64),
  creationTimestamp: omitted(RAW),
  deletionTimestamp: omitted(RAW),
  deletionGracePeriodSeconds: omitted(INT64),
  labels: omitted(STRING_MAP),
  annotations: omitted(STRING_MAP),
  ownerReferences: omitted(listOf(OWNER_REFERENCE)),
  finalizers: omitted(listOf(STRING)),
  managedFields: omitted(RAW),
});

const LARGEST_ANNOTATIONS = 256 * 1024;

export interface Metadata {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
}

interface OwnerReference {
  readonly apiVersion?: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

export function metadataFaults(metadata: Metadata, rule: NameRule): readonly Cause[] {
  const { name = "", labels = {}, annotations = {}, ownerReferences = [] } = metadata;
  const missing = required("metadata.name", "name or generateName is required");
  return [
    ...(name === "" ? [missing] : nameFaults(name, rule).map((fault) => invalidValue("metadata.name", name, fault))),
    ...labelFaults("metadata.labels", labels),
    ...annotationFaults(annotations),
    ...ownerReferences.flatMap((owner, i) => ownerFaults(owner, `metadata.ownerReferences[${i}]`)),
  ];
}

/** The causes name the whole map, as a genuine server does. */
export function labelFaults(field: string, labels: Readonly<Record<string, string>>): readonly Cause[] {
  const inOrder = Object.entries(labels).sort(([left], [right]) => (left < right ? -1 : 1));
  return inOrder.flatMap(([key, value]) => [
    ...labelKeyFaults(key).map((fault) => invalidValue(field, key, fault)),
    ...labelValueFaults(value).map((fault) => invalidValue(field, value, fault)),
  ]);
}

function annotationFaults(annotations: Readonly<Record<string, string>>): readonly Cause[] {
  const field = "metadata.annotations";
  const size = Object.entries(annotations).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  const tooLong = {
    reason: "FieldValueTooLong",
    field,
    message: `Too long: may not be more than ${LARGEST_ANNOTATIONS} bytes`,
  };
  return [
    ...Object.keys(annotations).flatMap((key) =>
      labelKeyFaults(key.toLowerCase()).map((fault) => invalidValue(field, key, fault)),
    ),
    ...(size > LARGEST_ANNOTATIONS ? [tooLong] : []),
  ];
}

function ownerFaults(owner: OwnerReference, field: string): readonly Cause[] {
  const parts = ["apiVersion", "kind", "name", "uid"] as const;
  return parts.flatMap((part) =>
    owner[part] ? [] : [invalidValue(`${field}.${part}`, "", `${part} must not be empty`)],
  );
}

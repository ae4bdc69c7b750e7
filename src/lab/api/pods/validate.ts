import type { KubeObject } from "../../contracts.ts";
import type { Draft } from "../../store.ts";
import { sameJson } from "../../store-json.ts";
import { nameFaults, portNameFaults, portNumberFaults } from "../admission/names.ts";
import { type Cause, duplicate, forbiddenValue, invalidValue, required } from "../field-errors.ts";
import { at, recordAt, recordsAt } from "../fields.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Only the faults that a generated pod can have; a genuine server knows many more. */
export function podFaults(draft: Draft): readonly Cause[] {
  const containers = recordsAt(draft, "spec.containers");
  return [
    ...(containers.length === 0 ? [required("spec.containers")] : []),
    ...containers.flatMap((container, i) => containerFaults(container, `spec.containers[${i}]`)),
    ...duplicateNames(containers, "spec.containers"),
  ];
}

function containerFaults(container: Fields, field: string): readonly Cause[] {
  const { name, image } = container;
  const hasName = typeof name === "string" && name !== "";
  return [
    ...(hasName ? nameFaults(name, "label").map((fault) => invalidValue(`${field}.name`, name, fault)) : []),
    ...(hasName ? [] : [required(`${field}.name`)]),
    ...(typeof image === "string" && image !== "" ? [] : [required(`${field}.image`)]),
    ...recordsAt(container, "ports").flatMap((port, i) => portFaults(port, `${field}.ports[${i}]`)),
    ...duplicateNames(recordsAt(container, "ports"), `${field}.ports`),
  ];
}

function portFaults({ name, containerPort }: Fields, field: string): readonly Cause[] {
  const named = typeof name === "string" ? portNameFaults(name) : [];
  const faults = named.map((fault) => invalidValue(`${field}.name`, name, fault));
  if (typeof containerPort !== "number") return [...faults, required(`${field}.containerPort`)];
  const numbered = portNumberFaults(containerPort);
  return [...faults, ...numbered.map((fault) => invalidValue(`${field}.containerPort`, containerPort, fault))];
}

function duplicateNames(named: readonly Fields[], field: string): readonly Cause[] {
  const names = named.map(({ name }) => name);
  return names.flatMap((name, i) => {
    const isDuplicate = name !== undefined && names.indexOf(name) < i;
    return isDuplicate ? [duplicate(`${field}[${i}].name`, name)] : [];
  });
}

/** The spec of a pod is fixed but for a few fields; a change would go unnoticed by the kubelet. */
export function podUpdateFaults(draft: Draft, old: KubeObject): readonly Cause[] {
  if (sameJson(fixedFields(draft), fixedFields(old))) return [];
  const detail =
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`," +
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations)," +
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
  return [forbiddenValue("spec", detail)];
}

/** A pod without a node may be given one: that is how it is scheduled. */
function fixedFields(pod: object): Fields {
  const { activeDeadlineSeconds: _, tolerations: __, nodeName, ...spec } = recordAt(pod, "spec");
  const containers = recordsAt(pod, "spec.containers").map(({ image: ___, ...container }) => container);
  return { ...spec, containers, ...(at(pod, "status.phase") !== "Pending" && { nodeName }) };
}

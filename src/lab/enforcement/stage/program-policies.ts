import type { KubeObject, LabEnvironmentFault, LabFault } from "../../contracts.ts";
import type { PolicyDraft, SemanticsCase } from "../cases/semantics-case.ts";
import { renderNodeRules } from "../node-rules.ts";
import type { Denial } from "../ruleset.ts";
import { object, STAGE_NAMESPACES, STAGE_POD_OBJECTS } from "./cluster.ts";
import type { Stage } from "./stage.ts";

interface Programming extends Pick<SemanticsCase, "policies" | "pods"> {
  readonly faults?: readonly (LabFault | LabEnvironmentFault)[];
  readonly denial?: Denial;
}

/** Puts these policies into force on both nodes of the stage. */
export async function programPolicies(stage: Stage, wanted: Programming): Promise<void> {
  const { policies, pods = {}, faults = [], denial = "drop" } = wanted;
  const cluster = {
    pods: STAGE_POD_OBJECTS.map((pod) => changed(pod, pods[`${pod.metadata.namespace}/${pod.metadata.name}`])),
    namespaces: STAGE_NAMESPACES,
    policies: policies.map(stored),
  };
  await stage.program((node) => renderNodeRules({ node, ...cluster, faults, denial }));
}

function stored({ namespace, ...fields }: PolicyDraft, index: number): KubeObject {
  return object("NetworkPolicy", { name: `p${index}`, ...(namespace !== undefined && { namespace }) }, fields);
}

function changed(pod: KubeObject, change: NonNullable<SemanticsCase["pods"]>[string] = {}): KubeObject {
  return {
    ...pod,
    metadata: { ...pod.metadata, ...change.metadata },
    spec: { ...(pod.spec as object), ...change.spec },
    status: { ...(pod.status as object), ...change.status },
  };
}

import type { TestProject } from "vitest/node";
import { connect } from "./cluster.ts";
import { findEnforcement } from "./enforcement.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** What the cluster does with policies, found out without the program's own judgement. */
    enforcement: "none" | "enforced";
  }
}

export async function setup(project: TestProject): Promise<void> {
  await using cluster = await connect();
  const enforcement = await findEnforcement(cluster);
  console.log(`cluster: ${cluster.client.access.context}, policies: ${enforcement}`);
  project.provide("enforcement", enforcement);
}

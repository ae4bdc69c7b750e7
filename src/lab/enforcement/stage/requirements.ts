import { log } from "node:console";
import { fileURLToPath } from "node:url";
import { isUserError } from "../../../errors/index.ts";
import { openNetwork } from "../../network/index.ts";

/** Why this machine cannot show what the kernel does with rules, in the lab's own words; undefined if it can. Printed too. */
export async function missingForStage(): Promise<string | undefined> {
  const agentPath = fileURLToPath(import.meta.url); // a small file, as nothing is to run
  try {
    await using _ = await openNetwork({ nodes: 1, agentPath }, new AbortController().signal);
    return undefined;
  } catch (error) {
    if (!isUserError(error)) throw error;
    log(`skipped: what the kernel does with policies: ${error.message}`);
    return error.message;
  }
}

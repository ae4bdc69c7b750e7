import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./netproof.ts";

export interface Scenario {
  readonly name: string;
  readonly folder: string;
  /** The file that says what must and must not connect. */
  readonly intent: string;
}

const FOLDER = join(ROOT, "scenarios");

/** The recipes of the repository: each folder has its intent beside it. */
export const SCENARIOS: readonly Scenario[] = readdirSync(FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => ({ name, folder: join(FOLDER, name), intent: join(FOLDER, `${name}.intent.yaml`) }));

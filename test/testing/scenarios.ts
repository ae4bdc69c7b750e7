import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Intent, type Manifests, parseIntent, parseManifests } from "../../src/snapshot/index.ts";
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

export function readScenario({ folder, intent }: Scenario): { readonly manifests: Manifests; readonly intent: Intent } {
  const files = readdirSync(folder).map((name) => textOf(join(folder, name)));
  return {
    manifests: parseManifests(files, { defaultNamespace: "default" }),
    intent: parseIntent([textOf(intent)]),
  };
}

function textOf(name: string) {
  return { name, text: readFileSync(name, "utf8") };
}

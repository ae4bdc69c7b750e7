import { accessSync, constants, statSync } from "node:fs";
import { join } from "node:path";
import { insidePath, POD_PATH } from "./enter.ts";
import type { Holder } from "./holder.ts";
import { POD_ROOT } from "./scripts.ts";

/** Where on the pods' root a program lies. A wrapper's exit status could not be told from the program's own. */
export function programPath(holder: Holder, name: string): string | undefined {
  if (name === "") return undefined;
  const candidates = name.includes("/") ? [join("/", name)] : POD_PATH.split(":").map((folder) => join(folder, name));
  return candidates.find((path) => isProgram(insidePath(holder, join(POD_ROOT, path))));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

import { isRecord, sameJson } from "../../store-json.ts";
import { badRequest, unprocessable } from "../status.ts";

type Document = Record<string, unknown> | unknown[];

const OPERATIONS = ["add", "remove", "replace", "move", "copy", "test"] as const;

interface Operation {
  readonly op: (typeof OPERATIONS)[number];
  readonly path: readonly string[];
  readonly from: readonly string[];
  readonly value: unknown;
}

const LARGEST_PATCH = 10_000;

/** RFC 6902, on a copy. A malformed patch is a bad request, one that does not fit the object is unprocessable. */
export function jsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) {
    throw badRequest("json: cannot unmarshal object into Go value of type jsonpatch.Patch");
  }
  if (patch.length > LARGEST_PATCH) {
    throw badRequest(`The allowed maximum operations in a JSON patch is ${LARGEST_PATCH}, got ${patch.length}`);
  }
  const holder: Record<string, unknown> = { root: structuredClone(target) };
  for (const operation of patch.map(parseOperation)) apply(holder, operation);
  return holder.root;
}

function parseOperation(given: unknown): Operation {
  const { op, path, from = "", value } = isRecord(given) ? given : {};
  const known = OPERATIONS.find((operation) => operation === op);
  if (known === undefined || typeof path !== "string" || typeof from !== "string") throw unprocessable();
  return { op: known, path: parsePointer(path), from: parsePointer(from), value };
}

/** The steps of a pointer, below a holder so that the whole document can be replaced too. */
function parsePointer(text: string): readonly string[] {
  if (text !== "" && !text.startsWith("/")) throw unprocessable();
  const steps = text.split("/").slice(1);
  if (steps.includes("__proto__")) throw unprocessable();
  return ["root", ...steps.map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))];
}

function apply(holder: Document, { op, path, from, value }: Operation): void {
  switch (op) {
    case "add":
      add(holder, path, value);
      break;
    case "remove":
      remove(holder, path);
      break;
    case "replace":
      read(holder, path);
      remove(holder, path);
      add(holder, path, value);
      break;
    case "move": {
      const moved = read(holder, from);
      remove(holder, from);
      add(holder, path, moved);
      break;
    }
    case "copy":
      add(holder, path, structuredClone(read(holder, from)));
      break;
    case "test":
      if (!sameJson(read(holder, path), value)) throw unprocessable();
  }
}

function parentOf(holder: Document, path: readonly string[]): { readonly parent: Document; readonly last: string } {
  const parent = path.slice(0, -1).reduce<unknown>((found, step) => child(found, step), holder);
  if (!isRecord(parent) && !Array.isArray(parent)) throw unprocessable();
  return { parent, last: path.at(-1) ?? "" };
}

function child(found: unknown, step: string): unknown {
  if (Array.isArray(found)) return found[index(step, found.length - 1)];
  if (isRecord(found) && Object.hasOwn(found, step)) return found[step];
  throw unprocessable();
}

function index(step: string, last: number): number {
  const position = /^(0|[1-9]\d{0,8})$/.test(step) ? Number(step) : -1;
  if (position < 0 || position > last) throw unprocessable();
  return position;
}

function read(holder: Document, path: readonly string[]): unknown {
  const { parent, last } = parentOf(holder, path);
  return child(parent, last);
}

function add(holder: Document, path: readonly string[], value: unknown): void {
  const { parent, last } = parentOf(holder, path);
  if (Array.isArray(parent)) parent.splice(last === "-" ? parent.length : index(last, parent.length), 0, value);
  else parent[last] = value;
}

function remove(holder: Document, path: readonly string[]): void {
  const { parent, last } = parentOf(holder, path);
  child(parent, last);
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else delete parent[last];
}

import { StatusError, unsupportedMediaType } from "../status.ts";

/** The media type without its parameters. */
export function mediaType(contentType: string): string {
  return (contentType.split(";")[0] ?? "").trim().toLowerCase();
}

/** Bodies of objects are JSON. An absent type counts as such, as it does for a genuine server. */
export function requireJson(contentType: string): void {
  const type = mediaType(contentType);
  if (type === "" || type === "application/json" || type === "*/*") return;
  const message = "the body of the request was in an unknown format - accepted media types include: application/json";
  throw new StatusError(415, "UnsupportedMediaType", message);
}

export type PatchType = "apply" | "json" | "merge" | "strategic";

const PATCH_TYPES: Readonly<Record<string, PatchType>> = {
  "application/apply-patch+yaml": "apply",
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
};

/** Whether a patch is merged as its types say. */
export function isStrategic(contentType: string): boolean {
  return PATCH_TYPES[mediaType(contentType)] === "strategic";
}

export function patchType(contentType: string): PatchType {
  const type = mediaType(contentType);
  const found = Object.hasOwn(PATCH_TYPES, type) ? PATCH_TYPES[type] : undefined;
  if (found === undefined) throw unsupportedMediaType();
  return found;
}

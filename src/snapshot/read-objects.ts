import type { Cursor } from "./cursor.ts";
import { type Findings, readDocuments, type TextFile } from "./read-documents.ts";

/** One object of the Kubernetes API in a file, of whatever kind. */
export interface ManifestObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly cursor: Cursor;
}

type TypeMeta = Pick<ManifestObject, "apiVersion" | "kind">;

const KUSTOMIZATION_FILES: readonly string[] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/** The objects of a file in order, those of lists one by one. */
export function readObjects(file: TextFile, findings: Findings): readonly ManifestObject[] {
  const name = file.name.slice(file.name.lastIndexOf("/") + 1);
  const place = { file: file.name, line: 1, column: 1 };
  if (KUSTOMIZATION_FILES.includes(name)) {
    findings.problems.push({ place, path: "", reason: KUSTOMIZATION, hint: kustomizeHint(file.name) });
    return [];
  }
  if (name === "Chart.yaml") {
    const hint = `helm template ${folderOf(file.name)} | netproof prove -f -`;
    findings.problems.push({ place, path: "", reason: CHART, hint });
    return [];
  }
  const objects = readDocuments(file, findings).flatMap((root) => unfold(root));
  return objects.filter((object) => {
    const isKustomization = object.apiVersion.startsWith("kustomize.config.k8s.io/");
    if (isKustomization) object.cursor.problem(KUSTOMIZATION, { hint: kustomizeHint(file.name) });
    return !isKustomization;
  });
}

const KUSTOMIZATION = "a kustomization is not a manifest, it has to be built into one";

const CHART = "a chart is not a manifest, it has to be rendered into some";

function kustomizeHint(fileName: string): string {
  return `kubectl kustomize ${folderOf(fileName)} | netproof prove -f -`;
}

function folderOf(fileName: string): string {
  return fileName.includes("/") ? fileName.slice(0, Math.max(1, fileName.lastIndexOf("/"))) : ".";
}

/** Items of a typed list (NetworkPolicyList) need not say what they are; those of a plain List must. */
function unfold(cursor: Cursor, inherited?: TypeMeta): readonly ManifestObject[] {
  const fields = cursor.expectFields(["apiVersion", "items", "kind"], { others: "ignored" });
  if (fields === undefined) return [];
  const kind = fields.kind === undefined ? (inherited?.kind ?? "") : fields.kind.expectString();
  const apiVersion = fields.apiVersion === undefined ? (inherited?.apiVersion ?? "") : fields.apiVersion.expectString();
  if (kind === undefined || apiVersion === undefined) return [];
  if (kind === "" || apiVersion === "") {
    const field = kind === "" ? "kind" : "apiVersion";
    const hint = "every Kubernetes object says its apiVersion and kind";
    cursor.problem(`Object '${kind === "" ? "Kind" : "apiVersion"}' is missing`, { field, hint });
    return [];
  }
  if (kind !== "List" && !(kind.endsWith("List") && fields.items?.node.kind === "list")) {
    return [{ apiVersion, kind, cursor }];
  }
  const itemType = kind === "List" ? undefined : { apiVersion, kind: kind.slice(0, -"List".length) };
  return (fields.items?.expectList() ?? []).flatMap((item) => unfold(item.asRoot, itemType));
}

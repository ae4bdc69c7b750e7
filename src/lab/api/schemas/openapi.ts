import { groupVersion, type Resource } from "../resource.ts";
import { groupPath } from "../route.ts";
import { type ApiTypes, closure, schemaOfKind } from "./types.ts";

const PATCHES = ["apply-patch+yaml", "json-patch+json", "merge-patch+json", "strategic-merge-patch+json"];
const PARAMETERS = ["dryRun", "fieldManager", "fieldValidation", "force"].map((name) => ({
  name,
  in: "query",
  schema: { type: "string" },
}));

/**
 * The document of a group's version: the types of its resources in full, and of its paths what kubectl looks up before it
 * patches.
 */
export function openApiDocument(resources: readonly Resource[], types: ApiTypes, version: string): object {
  const names = resources.flatMap((resource) => schemaOfKind(resource, types)?.name ?? []);
  const content = Object.fromEntries(PATCHES.map((name) => [`application/${name}`, { schema: { type: "object" } }]));
  const paths = resources.map((resource) => {
    const { group, version: of, kind, plural, namespaced } = resource;
    const patch = {
      "x-kubernetes-action": "patch",
      "x-kubernetes-group-version-kind": { group, version: of, kind },
      parameters: PARAMETERS,
      requestBody: { content, required: true },
      responses: {},
    };
    return [`/${groupPath(resource)}${namespaced ? "/namespaces/{namespace}" : ""}/${plural}/{name}`, { patch }];
  });
  return {
    openapi: "3.0.0",
    info: { title: `netproof lab: ${resources.map(groupVersion)[0]}`, version },
    paths: Object.fromEntries(paths),
    components: { schemas: closure(names, types) },
  };
}

import { createHash } from "node:crypto";
import { groupVersion, type Resource, type Subresource } from "./resource.ts";
import { RESOURCES } from "./resources.ts";
import { groupPath } from "./route.ts";
import { openApiDocument } from "./schemas/openapi.ts";
import { loadTypes } from "./schemas/types.ts";

export const LAB_VERSION = "v1.36.2+netproof-lab";

/** The version whose answers were recorded, and a mark that this is no genuine server. */
const VERSION = {
  major: "1",
  minor: "36",
  emulationMajor: "1",
  emulationMinor: "36",
  minCompatibilityMajor: "1",
  minCompatibilityMinor: "35",
  gitVersion: LAB_VERSION,
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "none",
  compiler: "none",
  platform: "linux/amd64",
};

/** The documents that say what the server offers, by path. `host` is where a client reaches it. */
export async function discoveryDocument(segments: readonly string[], host: string): Promise<object | undefined> {
  const path = segments.join("/");
  const groups = GROUPS.map(groupDocument);
  switch (path) {
    case "version":
      return VERSION;
    case "api":
      return {
        kind: "APIVersions",
        versions: ["v1"],
        serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: host }],
      };
    case "apis":
      return {
        kind: "APIGroupList",
        apiVersion: "v1",
        groups: groups.map(({ kind: _, apiVersion: __, ...group }) => group),
      };
    case "openapi/v3":
      return {
        paths: Object.fromEntries(GROUP_VERSIONS.map((of) => [groupPath(of), { serverRelativeURL: openApiUrl(of) }])),
      };
  }
  const group = groups.find(({ name }) => path === `apis/${name}`);
  if (group !== undefined) return group;
  const listed = GROUP_VERSIONS.find((candidate) => groupPath(candidate) === path);
  if (listed !== undefined) return resourceList(listed);
  const described = GROUP_VERSIONS.find((candidate) => openApiUrl(candidate) === `/${path}`);
  return described && openApiDocument(resourcesOf(described), await loadTypes(), VERSION.gitVersion);
}

type GroupVersion = Pick<Resource, "group" | "version">;

const GROUPS = [...new Set(RESOURCES.map(({ group }) => group))].filter((group) => group !== "");
const GROUP_VERSIONS: readonly GroupVersion[] = ["", ...GROUPS].map((group) => ({ group, version: "v1" }));

function groupDocument(name: string) {
  const preferredVersion = { groupVersion: `${name}/v1`, version: "v1" };
  return { kind: "APIGroup", apiVersion: "v1", name, versions: [preferredVersion], preferredVersion };
}

function resourcesOf({ group, version }: GroupVersion): readonly Resource[] {
  return RESOURCES.filter((candidate) => candidate.group === group && candidate.version === version);
}

function resourceList(of: GroupVersion): object {
  const resources = resourcesOf(of).flatMap((resource) => [
    resourceEntry(resource),
    ...resource.subresources.map((subresource) => subresourceEntry(resource, subresource)),
  ]);
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion: groupVersion(of), resources };
}

function resourceEntry(resource: Resource): object {
  const { plural, kind, namespaced, verbs, shortNames, categories } = resource;
  const hash = createHash("sha256").update(`${resource.group}/${resource.version}/${kind}`).digest();
  return {
    name: plural,
    singularName: kind.toLowerCase(),
    namespaced,
    kind,
    verbs,
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
    ...(resource.answer === undefined && { storageVersionHash: hash.subarray(0, 8).toString("base64") }),
  };
}

function subresourceEntry({ plural, kind, namespaced }: Resource, subresource: Subresource): object {
  const { name, verbs } = subresource;
  return { name: `${plural}/${name}`, singularName: "", namespaced, kind: subresource.kind ?? kind, verbs };
}

function openApiUrl(of: GroupVersion): string {
  return `/openapi/v3/${groupPath(of)}`;
}

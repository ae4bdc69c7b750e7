import { groupVersion, type Resource, type Subresource, type Verb } from "./resource.ts";
import { RESOURCES } from "./resources.ts";
import { badRequest, methodNotAllowed, noSuchPath } from "./status.ts";

export interface Route {
  readonly verb: Verb;
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: Subresource | undefined;
}

interface Target {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: Subresource | undefined;
}

const ON_ONE: Readonly<Record<string, Verb>> = { GET: "get", PUT: "update", PATCH: "patch", DELETE: "delete" };
const ON_ALL: Readonly<Record<string, Verb>> = { GET: "list", POST: "create", DELETE: "deletecollection" };
const ACROSS_NAMESPACES: readonly Verb[] = ["list", "watch"];

/** Which verb on which resource a method and path ask for. Throws 404 and 405. */
export function parseRoute(method: string, segments: readonly string[], query: URLSearchParams): Route {
  const found = parseTarget(segments);
  const verb = verbOf(method, found, query);
  const allowed = found.subresource?.verbs ?? found.resource.verbs;
  if (verb === undefined || !allowed.includes(verb)) throw methodNotAllowed();
  const isAcross = found.resource.namespaced && found.namespace === undefined;
  if (isAcross && !ACROSS_NAMESPACES.includes(verb)) throw methodNotAllowed();
  return { ...found, verb };
}

function verbOf(method: string, { name, subresource }: Target, query: URLSearchParams): Verb | undefined {
  if (subresource !== undefined && method === "POST") return "create";
  if (name !== undefined) return ON_ONE[method];
  const isWatch = method === "GET" && ["true", "1"].includes(query.get("watch") ?? "");
  return isWatch ? "watch" : ON_ALL[method];
}

function parseTarget(segments: readonly string[]): Target {
  const [root, ...rest] = segments;
  const parts = root === "api" ? ["", ...rest] : root === "apis" ? rest : [];
  const [group, version, ...path] = parts;
  const resources = RESOURCES.filter((candidate) => candidate.group === group && candidate.version === version);
  const isInNamespace = path[0] === "namespaces" && path.length > 2 && resourceNamed(resources, path[2])?.namespaced;
  const [plural, name, subresource, ...extra] = isInNamespace ? path.slice(2) : path;
  const resource = resourceNamed(resources, plural);
  if (resource === undefined || extra.length > 0 || [path[1], plural, name, subresource].includes(""))
    throw noSuchPath();
  return {
    resource,
    namespace: isInNamespace ? path[1] : undefined,
    name,
    subresource: subresource === undefined ? undefined : subresourceNamed(resource, subresource),
  };
}

function resourceNamed(resources: readonly Resource[], plural: string | undefined): Resource | undefined {
  return resources.find((candidate) => candidate.plural === plural);
}

function subresourceNamed(resource: Resource, name: string): Subresource {
  const found = resource.subresources.find((candidate) => candidate.name === name);
  if (found === undefined) throw noSuchPath();
  return found;
}

/** The decoded steps of a path. A trailing slash does not count. */
export function pathSegments(pathname: string): readonly string[] {
  try {
    return pathname.replace(/\/$/, "").split("/").slice(1).map(decodeURIComponent);
  } catch {
    throw badRequest("the path is not properly escaped");
  }
}

/** `https://…/api/v1` or `…/apis/batch/v1`: below which path a group's resources lie. */
export function groupPath(resource: Pick<Resource, "group" | "version">): string {
  return resource.group === "" ? `api/${resource.version}` : `apis/${groupVersion(resource)}`;
}

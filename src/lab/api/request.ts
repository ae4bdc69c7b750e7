import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import type { KubeObject, LabProcess } from "../contracts.ts";
import type { AppliedConfigurations } from "./patches/apply.ts";
import type { ClusterFacts, Resource, Subresource, Verb } from "./resource.ts";
import type { ApiTypes } from "./schemas/types.ts";
import type { Snapshots } from "./verbs/snapshots.ts";
import type { Watches } from "./verbs/watches.ts";

export interface LogOptions {
  readonly follow: boolean;
  readonly tailLines?: number;
}

export type StartProcess = (pod: KubeObject, container: string | undefined, argv: string[]) => LabProcess;
export type OpenLog = (pod: KubeObject, container: string | undefined, options: LogOptions) => Readable;

/** What all requests of one server share. */
export interface ApiContext extends ClusterFacts {
  readonly snapshots: Snapshots;
  readonly applied: AppliedConfigurations;
  readonly watches: Watches;
  readonly exec: StartProcess;
  readonly logs: OpenLog | undefined;
}

/** A request for a resource, understood but not yet carried out. */
export interface ApiRequest {
  readonly verb: Verb;
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: Subresource | undefined;
  readonly query: URLSearchParams;
  readonly contentType: string;
  /** The media types that the client would have, best first. */
  readonly accept: string;
  /** There for patches that are merged as their types say. */
  readonly types?: ApiTypes;
  /** Empty for requests that carry none. */
  readonly body: string;
}

export type Reply =
  | { readonly kind: "json"; readonly code: number; readonly body: object; readonly warnings?: readonly string[] }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "stream"; start(request: IncomingMessage, response: ServerResponse): void };

export function json(code: number, body: object, warnings: readonly string[] = []): Reply {
  return { kind: "json", code, body, warnings };
}

/** The namespace and name that a request for one object must have. */
export function target(request: ApiRequest): { readonly namespace: string | undefined; readonly name: string } {
  return { namespace: request.namespace, name: request.name ?? "" };
}

export function isDryRun(query: URLSearchParams): boolean {
  return query.getAll("dryRun").includes("All");
}

import { log } from "../pods/log.ts";
import type { ApiContext, ApiRequest, Reply } from "../request.ts";
import type { Verb } from "../resource.ts";
import { badRequest } from "../status.ts";
import { create } from "./create.ts";
import { remove, removeCollection } from "./delete.ts";
import { get, list } from "./list.ts";
import { patch } from "./patch.ts";
import { update } from "./update.ts";
import { watch } from "./watch.ts";

type Handler = (context: ApiContext, request: ApiRequest) => Reply;

const VERBS = {
  create,
  delete: remove,
  deletecollection: removeCollection,
  get,
  list,
  patch,
  update,
  watch,
} satisfies Record<Verb, Handler>;

export function perform(context: ApiContext, request: ApiRequest): Reply {
  if (request.subresource?.name === "log") return log(context, request);
  if (request.subresource?.name === "exec") throw badRequest("Upgrade request required");
  return VERBS[request.verb](context, request);
}

import { pipeline } from "node:stream/promises";
import type { ApiContext, ApiRequest, Reply } from "../request.ts";
import { noSuchPath } from "../status.ts";
import { readCount } from "../verbs/list.ts";
import { findContainer } from "./container.ts";

/** What a container has written, as plain text, and with `follow` what it writes from now on. */
export function log(context: ApiContext, request: ApiRequest): Reply {
  if (context.logs === undefined) throw noSuchPath();
  const { pod, container } = findContainer(context, request);
  const tailLines = request.query.has("tailLines") ? readCount(request.query, "tailLines") : undefined;
  const follow = request.query.get("follow") === "true";
  const text = context.logs(pod, container, { follow, ...(tailLines !== undefined && { tailLines }) });
  return {
    kind: "stream",
    start(http, response) {
      http.socket.setTimeout(0);
      response.writeHead(200, { "content-type": "text/plain" });
      response.flushHeaders();
      // A reader that goes away ends the reading; that is all there is to an error here.
      pipeline(text, response).catch(() => response.destroy());
    },
  };
}

import { afterEach, beforeEach } from "vitest";
import { type Answer, startTestServer, type TestServer } from "../test-server.ts";

export const SERVICES = "/api/v1/namespaces/default/services";
export const HTTP = { port: 80 };

export interface ServicesUnderTest {
  readonly send: TestServer["send"];
  readonly watch: TestServer["watch"];
  readonly create: (spec: object, name?: string) => Promise<Answer>;
  readonly patch: (body: object, name?: string) => Promise<Answer>;
}

/** A server anew for each test, and the calls to its Services. */
export function useServices(options: Parameters<typeof startTestServer>[1] = {}): ServicesUnderTest {
  let lab: TestServer;
  beforeEach(async () => {
    lab = await startTestServer({}, options);
  });
  afterEach(() => lab[Symbol.asyncDispose]());
  const send: TestServer["send"] = (...call) => lab.send(...call);
  return {
    send,
    watch: (...call) => lab.watch(...call),
    create: (spec, name = "web") => send("POST", SERVICES, { body: { metadata: { name }, spec } }),
    patch: (body, name = "web") =>
      send("PATCH", `${SERVICES}/${name}`, { body, contentType: "application/merge-patch+json" }),
  };
}

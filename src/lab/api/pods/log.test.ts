import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import type { LogOptions } from "../request.ts";
import { startTestServer } from "../test-server.ts";

const POD = { apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace: "default" } };

describe("the log of a pod", () => {
  test("is what the callback reads, of the container and the lines that were asked for", async () => {
    const asked: (LogOptions & { container: string | undefined })[] = [];
    await using lab = await startTestServer(
      {},
      {
        logs: (_pod, container, options) => {
          asked.push({ container, ...options });
          return Readable.from(["one\n", "two\n"]);
        },
      },
    );
    lab.store.create({ ...POD, spec: { containers: [{ name: "a" }, { name: "b" }] } });
    const path = "/api/v1/namespaces/default/pods/p/log";
    const answer = await lab.send("GET", `${path}?container=b&tailLines=2&follow=true`);
    expect([answer.code, answer.headers["content-type"], answer.text]).toEqual([200, "text/plain", "one\ntwo\n"]);
    expect(asked).toEqual([{ container: "b", follow: true, tailLines: 2 }]);
    expect((await lab.send("GET", path)).body).toMatchObject({
      code: 400,
      message: "a container name must be specified for pod p, choose one of: [a b]",
    });
    expect((await lab.send("GET", `${path}?container=c`)).code).toBe(400);
    expect((await lab.send("GET", path.replace("/p/", "/q/"))).code).toBe(404);
  });

  test("is not served where nobody reads logs", async () => {
    await using lab = await startTestServer();
    lab.store.create({ ...POD, spec: { containers: [{ name: "a" }] } });
    expect((await lab.send("GET", "/api/v1/namespaces/default/pods/p/log")).code).toBe(404);
  });
});

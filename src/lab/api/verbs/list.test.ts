import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { at, recordsAt, textAt } from "../fields.ts";
import { startTestServer, type TestServer } from "../test-server.ts";

const CONFIGMAPS = "/api/v1/namespaces/default/configmaps";

let lab: TestServer;

beforeAll(async () => {
  lab = await startTestServer();
  await lab.send("POST", "/api/v1/namespaces", { body: { metadata: { name: "other" } } });
  for (const name of ["a", "b", "c", "d", "e"]) {
    await lab.send("POST", CONFIGMAPS, { body: { metadata: { name, labels: { odd: String("ace".includes(name)) } } } });
  }
  await lab.send("POST", CONFIGMAPS.replace("default", "other"), { body: { metadata: { name: "z" } } });
});

afterAll(() => lab[Symbol.asyncDispose]());

function names(body: unknown): string {
  return recordsAt(body, "items")
    .map((item) => textAt(item, "metadata.name"))
    .join("");
}

async function page(
  query: string,
  path = CONFIGMAPS,
): Promise<{ names: string; next: string; body: unknown; code: number }> {
  const { body, code } = await lab.send("GET", `${path}?${query}`);
  return { names: names(body), next: encodeURIComponent(textAt(body, "metadata.continue") ?? ""), body, code };
}

describe("a list", () => {
  test("comes in pages that all show the state of the first", async () => {
    const first = await page("limit=2");
    expect(at(first.body, "metadata.remainingItemCount")).toBe(3);
    await lab.send("POST", CONFIGMAPS, { body: { metadata: { name: "bb" } } });
    await lab.send("DELETE", `${CONFIGMAPS}/e`);
    const second = await page(`limit=2&continue=${first.next}`);
    const third = await page(`limit=2&continue=${second.next}`);
    expect([first.names, second.names, third.names, third.next]).toEqual(["ab", "cd", "e", ""]);
    const versions = [first, second, third].map(({ body }) => at(body, "metadata.resourceVersion"));
    expect(new Set(versions).size).toBe(1);
    expect((await page("")).names).toBe("abbbcd");
    await lab.send("POST", CONFIGMAPS, { body: { metadata: { name: "e", labels: { odd: "true" } } } });
    await lab.send("DELETE", `${CONFIGMAPS}/bb`);
  });

  test("goes on across namespaces", async () => {
    const path = "/api/v1/configmaps";
    const first = await page("limit=5", path);
    const second = await page(`limit=5&continue=${first.next}`, path);
    expect([first.names, second.names]).toEqual(["abcde", "z"]);
  });

  test("counts a page after the selector, and does not say how much is left", async () => {
    const first = await page("limit=2&labelSelector=odd%3Dtrue");
    expect(at(first.body, "metadata")).not.toHaveProperty("remainingItemCount");
    const second = await page(`limit=2&labelSelector=odd%3Dtrue&continue=${first.next}`);
    expect([first.names, second.names, second.next]).toEqual(["ac", "e", ""]);
  });

  test("whose state is given up offers to go on inconsistently", async () => {
    const first = await page("limit=2");
    for (let i = 0; i < 70; i += 1) {
      lab.store.create({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: `n${i}`, namespace: "other" } });
      await page("limit=1");
    }
    const refused = await page(`limit=2&continue=${first.next}`);
    expect(refused.body).toMatchObject({ code: 410, reason: "Expired" });
    expect((await page(`limit=2&continue=${refused.next}`)).names).toBe("cd");
  });

  test("of an older state is given while that state is kept, and is expired otherwise", async () => {
    const first = await page("limit=2");
    const version = textAt(first.body, "metadata.resourceVersion");
    await lab.send("POST", CONFIGMAPS, { body: { metadata: { name: "f" } } });
    expect((await page(`resourceVersion=${version}&resourceVersionMatch=Exact`)).names).toBe("abcde");
    expect((await page("resourceVersion=1001&resourceVersionMatch=Exact")).code).toBe(410);
    await lab.send("DELETE", `${CONFIGMAPS}/f`);
  });

  test.each([
    ["resourceVersion=99999999", 504, "Too large resource version"],
    ["resourceVersion=x", 400, "invalid syntax"],
    ["limit=-1", 400, "invalid syntax"],
    ["continue=xx", 400, "invalid continue token"],
    [`continue=${Buffer.from('{"v":"meta.k8s.io/v1"}').toString("base64url")}`, 400, "encoded start key is missing"],
    [
      `resourceVersion=5&continue=${Buffer.from('{"v":"meta.k8s.io/v1","rv":5,"start":"/a"}').toString("base64url")}`,
      400,
      "not allowed when using continue",
    ],
  ])("asked for with %s answers %i", async (query, code, message) => {
    const { body } = await lab.send("GET", `${CONFIGMAPS}?${query}`);
    expect(body).toMatchObject({ code, message: expect.stringContaining(message) });
  });

  test("of endpoint slices is empty", async () => {
    const { body } = await lab.send("GET", "/apis/discovery.k8s.io/v1/endpointslices");
    expect(body).toMatchObject({ kind: "EndpointSliceList", apiVersion: "discovery.k8s.io/v1", items: [] });
  });
});

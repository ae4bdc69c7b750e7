import { afterAll, beforeAll, expect, test } from "vitest";
import { at } from "../fields.ts";
import { startTestServer, type TestServer } from "../test-server.ts";

let lab: TestServer;

beforeAll(async () => {
  lab = await startTestServer();
});
afterAll(() => lab[Symbol.asyncDispose]());

const DOCUMENTS = [
  { path: "/openapi/v3/api/v1", kinds: ["ConfigMap", "Namespace", "Node", "Pod", "Service"] },
  { path: "/openapi/v3/apis/authorization.k8s.io/v1", kinds: ["SelfSubjectAccessReview"] },
  { path: "/openapi/v3/apis/batch/v1", kinds: ["Job"] },
  { path: "/openapi/v3/apis/discovery.k8s.io/v1", kinds: ["EndpointSlice"] },
  { path: "/openapi/v3/apis/networking.k8s.io/v1", kinds: ["NetworkPolicy"] },
];

test.each(DOCUMENTS)("$path explains its kinds, and all that they are made of", async ({ path, kinds }) => {
  const { body, code, text } = await lab.send("GET", path);
  expect(code).toBe(200);
  const schemas = Object.values(at(body, "components.schemas") as Record<string, object>);
  const explained = schemas.flatMap((schema) => {
    const of = "x-kubernetes-group-version-kind" in schema ? schema["x-kubernetes-group-version-kind"] : [];
    return (of as { kind: string }[]).map(({ kind }) => kind);
  });
  expect(explained).toEqual(expect.arrayContaining(kinds));
  const named = Object.keys(at(body, "components.schemas") as object);
  const referred = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name);
  expect(referred.filter((name) => !named.includes(name ?? ""))).toEqual([]);
});

test("the index names every document", async () => {
  const { body } = await lab.send("GET", "/openapi/v3");
  const urls = Object.values(at(body, "paths") as Record<string, { serverRelativeURL: string }>);
  expect(urls.map(({ serverRelativeURL }) => serverRelativeURL)).toEqual(DOCUMENTS.map(({ path }) => path));
});

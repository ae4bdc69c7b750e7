import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { at, recordsAt } from "../fields.ts";
import { startTestServer, type TestServer } from "../test-server.ts";
import { wantsTable } from "./table.ts";

const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";

test.each([
  [`${TABLE},application/json`, true],
  [`application/json,${TABLE}`, false],
  [`application/json;as=Table;v=v1beta1;g=meta.k8s.io,${TABLE},application/json`, true],
  ["application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json", false],
  ["*/*", false],
  ["", false],
])("who accepts «%s» gets a table: %s", (accept, expected) => {
  expect(wantsTable(accept)).toBe(expected);
});

describe("over HTTP", () => {
  let lab: TestServer;
  const maps = "/api/v1/namespaces/default/configmaps";
  const accept = { headers: { accept: TABLE } };
  beforeAll(async () => {
    lab = await startTestServer();
    for (const name of ["a", "b"]) await lab.send("POST", maps, { body: { metadata: { name }, data: { x: "1" } } });
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  test("a list is a table with a row for each object, and its pages go on", async () => {
    const { body } = await lab.send("GET", `${maps}?limit=1`, accept);
    expect(body).toMatchObject({
      kind: "Table",
      apiVersion: "meta.k8s.io/v1",
      metadata: { continue: expect.any(String), remainingItemCount: 1 },
      columnDefinitions: [
        { name: "Name", type: "string", format: "name", priority: 0 },
        { name: "Data", type: "string", format: "", priority: 0 },
        { name: "Age", type: "string", format: "", priority: 0 },
      ],
    });
    expect(recordsAt(body, "rows")).toMatchObject([
      {
        cells: ["a", 1, expect.stringMatching(/^\d+s$/)],
        object: { kind: "PartialObjectMetadata", metadata: { name: "a" } },
      },
    ]);
    expect(at(recordsAt(body, "rows")[0], "object.data")).toBeUndefined();
  });

  test.each([
    ["None", null],
    ["Object", { kind: "ConfigMap", apiVersion: "v1", metadata: { name: "a" }, data: { x: "1" } }],
  ])("includeObject=%s decides what comes with a row", async (included, expected) => {
    const { body } = await lab.send("GET", `${maps}/a?includeObject=${included}`, accept);
    const [row] = recordsAt(body, "rows");
    if (expected === null) expect(row?.object).toBeNull();
    else expect(row?.object).toMatchObject(expected);
  });

  test("a refusal stays a Status", async () => {
    expect((await lab.send("GET", `${maps}/none`, accept)).body).toMatchObject({ kind: "Status", code: 404 });
  });
});

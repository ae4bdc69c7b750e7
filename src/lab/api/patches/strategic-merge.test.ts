import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isRecord } from "../../store-json.ts";
import { startTestServer, type TestServer } from "../test-server.ts";

// Dry runs of patches that a genuine server answered, on objects as it had stored them.

interface Recording {
  readonly objects: Readonly<Named<{ readonly path: string; readonly object: { readonly kind: string } }>>;
  readonly patches: readonly Patch[];
}
type Named<Value> = { [name: string]: Value };

interface Patch {
  readonly name: string;
  /** The object, or its status: `pod/status`. */
  readonly on: string;
  readonly patch: unknown;
  readonly code: number;
  readonly body: unknown;
}

const { objects, patches }: Recording = JSON.parse(
  readFileSync("test/fixtures/kubernetes-api/strategic-merge.json", "utf8"),
);
/** A genuine server says of this that a map cannot be restored from a slice. */
const OTHER_WORDS = ["a list where an object belongs"];

let lab: TestServer;

beforeAll(async () => {
  lab = await startTestServer();
  await lab.send("POST", "/api/v1/namespaces", { body: { metadata: { name: "rec" } } });
  for (const { object } of Object.values(objects)) lab.store.create(object as never);
});

afterAll(() => lab[Symbol.asyncDispose]());

describe("a strategic merge patch does what it does on a genuine server", () => {
  test.each(patches.filter(({ name }) => !OTHER_WORDS.includes(name)))("$name", async ({ on, patch, code, body }) => {
    const [kind = "", subresource] = on.split("/");
    const path = `${objects[kind]?.path}/smp${subresource === undefined ? "" : `/${subresource}`}?dryRun=All`;
    const answer = await lab.send("PATCH", path, {
      body: patch,
      contentType: "application/strategic-merge-patch+json",
    });
    expect(comparable(answer.body)).toEqual(comparable(body));
    expect(answer.code).toBe(code);
  });

  test("and is refused where a list stands for an object", async () => {
    const path = `${objects.configmap?.path}/smp?dryRun=All`;
    const contentType = "application/strategic-merge-patch+json";
    expect((await lab.send("PATCH", path, { body: { metadata: [] }, contentType })).code).toBe(400);
  });
});

const DRAWN = ["uid", "resourceVersion", "creationTimestamp"];

/** Without what is drawn and what is counted, and without the times that nobody has set. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).filter(([name, inner]) => !DRAWN.includes(name) && inner !== null);
  return Object.fromEntries(entries.map(([name, inner]) => [name, comparable(inner)]));
}

import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { at } from "./fields.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

interface Recording {
  readonly name: string;
  readonly fieldValidation: "Strict" | "Warn";
  readonly request: { readonly metadata: { readonly name?: string; readonly namespace: string } };
  readonly accepted: boolean;
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly causes?: readonly object[] | null;
  readonly storedSpec?: object;
  readonly warnings?: readonly string[];
}

const RECORDINGS: readonly Recording[] = JSON.parse(
  readFileSync("test/fixtures/kubernetes-api/networkpolicy-admission.json", "utf8"),
);

let lab: TestServer;

beforeAll(async () => {
  lab = await startTestServer();
});

afterAll(() => lab[Symbol.asyncDispose]());

test("65 policies were recorded in both modes of field validation", () => {
  expect(RECORDINGS).toHaveLength(130);
});

describe.each(["Strict", "Warn"] as const)(
  "under fieldValidation=%s a policy is admitted as a genuine server did",
  (mode) => {
    test.each(RECORDINGS.filter(({ fieldValidation }) => fieldValidation === mode))("$name", async (recording) => {
      const { namespace, name = "" } = recording.request.metadata;
      const path = `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`;
      const answer = await lab.send("POST", `${path}?fieldValidation=${mode}`, { body: recording.request });
      if (recording.accepted) {
        expect(answer.code).toBe(201);
        const stored = await lab.send("DELETE", `${path}/${name}`);
        expect(stored.code).toBe(200);
        expect(at(answer.body, "spec")).toEqual(recording.storedSpec);
      } else {
        const { code, reason, message } = recording;
        expect(answer.body).toMatchObject({ code, reason, message });
        expect(answer.code).toBe(code);
        expect(at(answer.body, "details.causes")).toEqual(recording.causes ?? undefined);
      }
      expect(answer.headers.warning).toBe(recording.warnings?.join(", ") || undefined);
    });
  },
);

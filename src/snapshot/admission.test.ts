import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { UserError } from "../errors/index.ts";
import { type ManifestProblem, type Manifests, parseManifests, parsePolicy } from "./index.ts";

/** What a real API server (1.36) answered to a create. */
interface Recorded {
  readonly name: string;
  readonly fieldValidation: "Strict" | "Warn";
  readonly request: { readonly metadata: Readonly<Record<string, unknown>>; readonly spec?: unknown };
  readonly accepted: boolean;
  readonly message?: string;
  readonly causes?: readonly { readonly message: string; readonly field: string }[] | null;
  readonly storedSpec?: unknown;
}

const RECORDING = new URL("../../test/fixtures/kubernetes-api/networkpolicy-admission.json", import.meta.url);
const recorded = JSON.parse(readFileSync(RECORDING, "utf8")) as readonly Recorded[];
const strict = recorded.filter(({ fieldValidation }) => fieldValidation === "Strict");

function parse(text: string): Manifests {
  return parseManifests([{ name: "p.yaml", text }], { defaultNamespace: "default" });
}

function problemsOf(text: string): readonly ManifestProblem[] {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof UserError && error.code === "MANIFEST_INVALID") return error.cause as ManifestProblem[];
    throw error;
  }
  return [];
}

test("the recording has 65 policies", () => {
  expect(strict.length).toBe(65);
});

describe("what the API server accepts is accepted, with the meaning of what it stored", () => {
  test.each(strict.filter(({ accepted }) => accepted))("$name", ({ request, storedSpec }) => {
    for (const text of [JSON.stringify(request), stringify(request)]) {
      const [manifest] = parse(text).policies;
      expect(manifest?.policy).toEqual(parsePolicy({ ...request, spec: storedSpec }));
      expect(manifest?.object).toEqual(request);
    }
  });
});

describe("what the API server finds invalid is refused with its reasons at its fields", () => {
  test.each(strict.filter(({ causes }) => causes))("$name", ({ request, causes }) => {
    for (const text of [JSON.stringify(request, null, 2), stringify(request)]) {
      const found = problemsOf(text).map(({ path, reason }) => ({ field: path, message: reason }));
      expect(found).toEqual(causes?.map(({ field, message }) => ({ field, message })));
    }
  });
});

/** The API server names its Go types here, which helps no user: the path and the expectation are ours. */
const UNDECODABLE: Readonly<Record<string, { readonly path: string; readonly reason: string }>> = {
  "port-float": { path: "spec.ingress[0].ports[0].port", reason: "expected an integer, found the number 80.5" },
  "selector-value-number": {
    path: "spec.podSelector.matchLabels.a",
    reason: "expected a string, found the number 1",
  },
  "selector-value-bool": {
    path: "spec.podSelector.matchLabels.a",
    reason: "expected a string, found the boolean true",
  },
  "ingress-object": { path: "spec.ingress", reason: "expected a list, found an object" },
  "unknown-field-spec": { path: "spec.ingres", reason: 'unknown field "spec.ingres"' },
  "unknown-field-rule": { path: "spec.ingress[0].form", reason: 'unknown field "spec.ingress[0].form"' },
  "to-in-ingress": { path: "spec.ingress[0].to", reason: 'unknown field "spec.ingress[0].to"' },
};

describe("what the API server cannot decode is refused", () => {
  const cases = strict.filter(({ accepted, causes }) => !accepted && !causes);

  test.each(cases.filter(({ name }) => name !== "namespace-missing-object"))("$name", ({ name, request }) => {
    expect(problemsOf(JSON.stringify(request))).toMatchObject([UNDECODABLE[name]]);
  });

  test("the namespace that the cluster lacked is no matter of the manifest", () => {
    const request = cases.find(({ name }) => name === "namespace-missing-object")?.request;
    expect(parse(JSON.stringify(request)).policies[0]?.policy.namespace).toBe("no-such-namespace");
  });

  test("every one of them is in the table", () => {
    const names = cases.map(({ name }) => name).filter((name) => name !== "namespace-missing-object");
    expect(names.toSorted()).toEqual(Object.keys(UNDECODABLE).toSorted());
  });
});

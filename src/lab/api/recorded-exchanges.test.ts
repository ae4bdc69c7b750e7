import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isRecord } from "../store-json.ts";
import { at, recordsAt } from "./fields.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

// All 38 requests of rest.json, in their order, against one server. What a genuine server answered is the expectation,
// but for what differs from server to server.

interface Exchange {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly requestBody: unknown;
  readonly contentType: string | null;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

const EXCHANGES: readonly Exchange[] = JSON.parse(readFileSync("test/fixtures/kubernetes-api/rest.json", "utf8"));

const NOT_REPRODUCED: Readonly<Record<string, string>> = {
  unauthenticated: "the recorded server lets anonymous users in and then forbids them; the lab lets nobody in (401)",
  forbidden: "the lab has one user, who may do everything",
};

/** Exchanges whose recorded answer is changed before it is compared, and why. */
const ADAPTED: Readonly<Record<string, (body: unknown) => unknown>> = {
  // The lab says that it is one, and tells nothing of how it was built.
  version: (body) =>
    with_(body, {
      gitVersion: "v1.36.2+netproof-lab",
      gitCommit: "",
      buildDate: "1970-01-01T00:00:00Z",
      goVersion: "none",
      compiler: "none",
    }),
  // The lab lies elsewhere.
  "core discovery": (body) =>
    with_(body, {
      serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: new URL(lab.server.url).host }],
    }),
  // The lab has one resource of that group.
  "networking resources": (body) =>
    with_(body, { resources: recordsAt(body, "resources").filter(({ name }) => name === "networkpolicies") }),
  // The recorded question was asked by somebody who may do nothing.
  "self subject access review": (body) => with_(body, { status: { allowed: true } }),
};

/** Up to here the lab counts as the recorded server did; later ones had further objects to count. */
const LAST_COMMON_VERSION = 2545;
/** Two namespaces of the lab's own, the recorded one, a service account in each, and then the first exchange. */
const FIRST_VERSION = 2541 - 6 - 1;

let lab: TestServer;
const uids = new Map<string, string>();

beforeAll(async () => {
  lab = await startTestServer({ firstVersion: FIRST_VERSION });
  await lab.send("POST", "/api/v1/namespaces", { body: { metadata: { name: "rec" } } });
});

afterAll(() => lab[Symbol.asyncDispose]());

describe("the API server answers as a genuine one did", () => {
  for (const exchange of EXCHANGES) {
    const reason = NOT_REPRODUCED[exchange.name];
    test.skipIf(reason !== undefined)(
      `${exchange.name}${reason === undefined ? "" : ` (skipped: ${reason})`}`,
      async () => {
        if (exchange.name === "delete namespace") keepNamespaceBusy("rec-psa");
        const answer = await lab.send(exchange.method, exchange.path, {
          ...(exchange.requestBody !== null && { body: withOurUids(exchange.requestBody) }),
          ...(exchange.contentType !== null && { contentType: exchange.contentType }),
        });
        noteUid(at(exchange.body, "metadata.uid"), at(answer.body, "metadata.uid"));
        const expected = ADAPTED[exchange.name]?.(exchange.body) ?? exchange.body;
        expect(comparable(answer.body)).toEqual(comparable(expected));
        expect(answer.code).toBe(exchange.status);
        if (exchange.status !== 200 || at(exchange.body, "type") === undefined) {
          expect(answer.headers).toMatchObject(exchange.headers);
        }
      },
    );
  }

  test("only two exchanges are left out", () => {
    expect(Object.keys(NOT_REPRODUCED)).toEqual(["unauthenticated", "forbidden"]);
    expect(EXCHANGES).toHaveLength(38);
  });
});

/** The recorded namespace took a while to empty; here a pod whose kubelet takes its time does that. */
function keepNamespaceBusy(namespace: string): void {
  lab.store.create({ apiVersion: "v1", kind: "Pod", metadata: { name: "slow", namespace }, spec: { nodeName: "n" } });
}

function with_(body: unknown, changes: object): unknown {
  return { ...(isRecord(body) ? body : {}), ...changes };
}

function noteUid(recorded: unknown, ours: unknown): void {
  if (typeof recorded === "string" && typeof ours === "string") uids.set(recorded, ours);
}

function withOurUids(body: unknown): unknown {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return [...uids].reduce((changed, [recorded, ours]) => changed.replaceAll(recorded, ours), text);
}

// The API token volume is there for pods that talk to the API; the lab mounts none.
const LEFT_OUT = ["managedFields", "volumes", "volumeMounts"];
const TIMES = ["creationTimestamp", "deletionTimestamp"];

/** Without what is drawn or measured, and without what the lab leaves out on purpose. */
function comparable(value: unknown, name = ""): unknown {
  if (Array.isArray(value)) return value.map((item) => comparable(item));
  if (isRecord(value)) {
    const entries = Object.entries(value).filter(([field]) => !LEFT_OUT.includes(field));
    return Object.fromEntries(entries.map(([field, inner]) => [field, comparable(inner, field)]));
  }
  if (name === "uid") return "a uid";
  if (TIMES.includes(name)) return "a time";
  if (name === "resourceVersion" && Number(value) > LAST_COMMON_VERSION) return "later";
  if (name === "message")
    return String(value).replace(/too old resource version: 1 \(\d+\)/, "too old resource version: 1 (N)");
  return value;
}

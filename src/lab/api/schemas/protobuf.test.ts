import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { decodeProtobuf } from "./protobuf.ts";
import { loadTypes } from "./types.ts";

interface Sent {
  readonly command: string;
  /** What kubectl sent, in base64. */
  readonly body: string;
  /** What it says with `--dry-run=client -o json` that it would send. */
  readonly object: object;
}

const SENT: readonly Sent[] = JSON.parse(readFileSync("test/fixtures/kubernetes-api/protobuf-bodies.json", "utf8"));
const types = await loadTypes();
const [namespace = Buffer.alloc(0)] = SENT.map(({ body }) => Buffer.from(body, "base64"));

describe("protobuf", () => {
  test.each(SENT)("says the same as JSON would: $command", ({ body, object }) => {
    expect(decodeProtobuf(Buffer.from(body, "base64"), types)).toEqual(object);
  });

  const broken = [
    { name: "nothing", body: Buffer.alloc(0) },
    { name: "another beginning", body: Buffer.from("k9s\0") },
    { name: "an end in the middle", body: namespace.subarray(0, 30) },
    { name: "a number without an end", body: Buffer.concat([Buffer.from("k8s\0"), Buffer.alloc(40, 0xff)]) },
    { name: "a kind that nobody knows", body: Buffer.from("k8s\0\n\f\n\x02v1\x12\x06Nobody") },
  ];
  test.each(broken)("is refused where it is $name", ({ body }) => {
    expect(() => decodeProtobuf(body, types)).toThrow(expect.objectContaining({ name: "StatusError" }));
  });

  test("is refused at every place where it may be cut off, or is read without its end", () => {
    for (let end = 0; end < namespace.length; end++) {
      try {
        decodeProtobuf(namespace.subarray(0, end), types);
      } catch (error) {
        expect(error).toMatchObject({ name: "StatusError" });
      }
    }
  });

  test("keeps a zero that somebody said, and no other", () => {
    // A pod with terminationGracePeriodSeconds 0, behind a pointer, and a hostPort of 0, which is none.
    const pod = { spec: { terminationGracePeriodSeconds: 0, containers: [{ ports: [{ containerPort: 80 }] }] } };
    const container = message(6, Buffer.from([0x10, 0, 0x18, 80]));
    const spec = Buffer.concat([message(2, container), Buffer.from([0x20, 0])]);
    expect(decodeProtobuf(envelope("v1", "Pod", message(2, spec)), types)).toMatchObject(pod);
  });
});

function message(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(field << 3) | 2, bytes.length]), bytes]);
}

function envelope(apiVersion: string, kind: string, raw: Buffer): Buffer {
  const type = Buffer.concat([message(1, Buffer.from(apiVersion)), message(2, Buffer.from(kind))]);
  return Buffer.concat([Buffer.from("k8s\0"), message(1, type), message(2, raw)]);
}

import { describe, expect, it } from "vitest";
import { type Intent, parseIntent } from "./parse-intent.ts";

describe("the ends of a line", () => {
  it.each([
    ["*", { kind: "everything" }],
    ["shop/*", { kind: "namespace", namespace: "shop" }],
    ["shop/web", { kind: "workload", namespace: "shop", name: "web" }],
    ["shop/web.v2", { kind: "workload", namespace: "shop", name: "web.v2" }],
    ["10.0.0.0/8", { kind: "cidr", cidr: "10.0.0.0/8" }],
    ["2001:db8::/32", { kind: "cidr", cidr: "2001:db8::/32" }],
  ])("%s", (text, end) => {
    expect(parse(`deny: [{from: '${text}', to: a/b}]`).lines[0]?.from).toMatchObject({ text, ...end });
  });

  it("may be selectors of namespaces and pods", () => {
    const { lines } = parse("deny: [{from: {namespaceSelector: {matchLabels: {team: a}}}, to: {podSelector: {}}}]");
    expect(lines[0]?.from).toMatchObject({
      kind: "selectors",
      namespaceSelector: [{ key: "team", operator: "In", values: ["a"] }],
      podSelector: [],
    });
  });
});

describe("the port of a line", () => {
  it.each([
    ["5432/TCP", { kind: "range", protocol: "TCP", from: 5432, to: 5432 }],
    ["9000-9010/UDP", { kind: "range", protocol: "UDP", from: 9000, to: 9010 }],
    ["http", { kind: "name", name: "http" }],
  ])("%s", (text, port) => {
    expect(parse(`allow: [{from: a/b, to: a/c, port: ${text}}]`).lines[0]?.port).toEqual({ text, ...port });
  });

  it("may be absent where nothing at all may be open", () => {
    expect(parse("deny: [{from: a/b, to: a/c}]").lines[0]).not.toHaveProperty("port");
  });
});

it("what must not connect comes before what must, each with its place", () => {
  const { lines } = parse("deny:\n- {from: a/b, to: a/c}\nallow:\n- {from: a/b, to: a/d, port: 80/TCP}");
  expect(lines.map(({ must, place }) => [must, place.line])).toEqual([
    ["not-connect", 4],
    ["connect", 6],
  ]);
});

describe("what is refused", () => {
  it.each([
    ["another kind", "", "kind: Wish", /expected an Intent/],
    ["an unknown field", "alow: []", undefined, /unknown field "alow"[\s\S]*did you mean "allow"/],
    ["nothing at all", "", undefined, /requires nothing/],
    ["lists without lines", "deny: []\nallow: null", undefined, /requires nothing/],
    ["an end that is missing", "deny: [{from: a/b}]", undefined, /deny\[0\]\.to: Required value/],
    ["an end without a namespace", "deny: [{from: web, to: a/b}]", undefined, /deny\[0\]\.from: Invalid value: "web"/],
    ["a CIDR with host bits", "deny: [{from: a/b, to: 10.0.0.1/8}]", undefined, /must not have bits set beyond/],
    ["two ends outside", "deny: [{from: 10.0.0.0/8, to: 11.0.0.0/8}]", undefined, /one end must be inside/],
    [
      "a port without a protocol",
      "deny: [{from: a/b, to: a/c, port: '80'}]",
      undefined,
      /deny\[0\]\.port: Invalid value: "80"/,
    ],
    ["a port that is no port", "deny: [{from: a/b, to: a/c, port: 70000/TCP}]", undefined, /Invalid value/],
    ["a range that runs backwards", "deny: [{from: a/b, to: a/c, port: 90-80/TCP}]", undefined, /Invalid value/],
    ["an unknown protocol", "deny: [{from: a/b, to: a/c, port: 80/ICMP}]", undefined, /Invalid value/],
    [
      "a connection that must be, without a port",
      "allow: [{from: a/b, to: a/c}]",
      undefined,
      /allow\[0\]\.port: Required value/,
    ],
    [
      "a bad selector",
      "deny: [{from: {podSelector: {matchExpressions: [{key: a, operator: Is}]}}, to: a/b}]",
      undefined,
      /not a valid selector operator/,
    ],
  ] as const)("%s", (_, body, kind, message) => {
    expect(() => parse(body, kind)).toThrow(message);
    expect(() => parse(body, kind)).toThrow(/^intent\.yaml:\d+:\d+: /);
  });
});

it.each(["", "---\n", "# nothing\n"])("a file that holds no document is refused: %j", (text) => {
  expect(() => parseIntent([{ name: "intent.yaml", text }])).toThrow(/^intent\.yaml:1:1: requires nothing/);
});

function parse(body: string, kind = "kind: Intent"): Intent {
  return parseIntent([{ name: "intent.yaml", text: `apiVersion: netproof.dev/v1\n${kind}\n${body}\n` }]);
}

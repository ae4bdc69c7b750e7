import { describe, expect, test } from "vitest";
import { UserError } from "../errors/index.ts";
import { parsePolicy } from "./index.ts";

function policy(spec?: unknown): unknown {
  return { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { namespace: "a", name: "p" }, spec };
}

describe("policyTypes of a stored NetworkPolicy", () => {
  test.each([
    { name: "no spec", spec: undefined, isolates: { ingress: [] } },
    { name: "null lists", spec: { ingress: null, egress: null, policyTypes: null }, isolates: { ingress: [] } },
    { name: "empty policyTypes", spec: { policyTypes: [] }, isolates: { ingress: [] } },
    { name: "an empty egress list", spec: { egress: [] }, isolates: { ingress: [] } },
    {
      name: "an egress rule",
      spec: { egress: [{}] },
      isolates: { ingress: [], egress: [{ peers: [], ports: [] }] },
    },
    {
      name: "Egress alone, with ingress rules",
      spec: { policyTypes: ["Egress"], ingress: [{}] },
      isolates: { egress: [] },
      unnamed: { ingress: [{ peers: [], ports: [] }] },
    },
    {
      name: "Ingress alone, with egress rules",
      spec: { policyTypes: ["Ingress"], egress: [{}] },
      isolates: { ingress: [] },
      unnamed: { egress: [{ peers: [], ports: [] }] },
    },
    { name: "both", spec: { policyTypes: ["Egress", "Ingress"] }, isolates: { ingress: [], egress: [] } },
    { name: "Ingress twice", spec: { policyTypes: ["Ingress", "Ingress"] }, isolates: { ingress: [] } },
    { name: "a null rule", spec: { ingress: [null] }, isolates: { ingress: [{ peers: [], ports: [] }] } },
  ])("$name", ({ spec, isolates, unnamed }) => {
    expect(parsePolicy(policy(spec))).toEqual({
      namespace: "a",
      name: "p",
      podSelector: [],
      isolates,
      ...(unnamed && { unnamed }),
    });
  });
});

describe("peers of a stored NetworkPolicy", () => {
  test.each([
    { name: "podSelector alone", peer: { podSelector: {} }, parsed: { kind: "pods", podSelector: [] } },
    {
      name: "namespaceSelector alone, with a null podSelector",
      peer: { namespaceSelector: {}, podSelector: null },
      parsed: { kind: "pods", namespaceSelector: [] },
    },
    {
      name: "both selectors",
      peer: { namespaceSelector: { matchLabels: { b: "", a: "1" } }, podSelector: {} },
      parsed: {
        kind: "pods",
        namespaceSelector: [
          { key: "a", operator: "In", values: ["1"] },
          { key: "b", operator: "In", values: [""] },
        ],
        podSelector: [],
      },
    },
    {
      name: "matchExpressions behind matchLabels",
      peer: {
        podSelector: {
          matchExpressions: [
            { key: "z", operator: "NotIn", values: ["2", "1"] },
            { key: "a", operator: "Exists" },
          ],
          matchLabels: { k: "v" },
        },
      },
      parsed: {
        kind: "pods",
        podSelector: [
          { key: "k", operator: "In", values: ["v"] },
          { key: "z", operator: "NotIn", values: ["2", "1"] },
          { key: "a", operator: "Exists", values: [] },
        ],
      },
    },
    {
      name: "an ipBlock of an old cluster",
      peer: { ipBlock: { cidr: "010.1.2.3/8", except: ["10.1.2.3/16"] } },
      parsed: { kind: "ipBlock", cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] },
    },
    {
      name: "an ipBlock in capitals",
      peer: { ipBlock: { cidr: "FD00:0::/64" } },
      parsed: { kind: "ipBlock", cidr: "fd00::/64", except: [] },
    },
  ])("$name", ({ peer, parsed }) => {
    const { isolates } = parsePolicy(policy({ ingress: [{ from: [peer] }], egress: [{ to: [peer] }] }));
    expect(isolates).toEqual({ ingress: [{ peers: [parsed], ports: [] }], egress: [{ peers: [parsed], ports: [] }] });
  });
});

describe("ports of a stored NetworkPolicy", () => {
  test.each([
    { name: "an empty item", port: {}, parsed: { kind: "all", protocol: "TCP" } },
    { name: "a protocol alone", port: { protocol: "UDP" }, parsed: { kind: "all", protocol: "UDP" } },
    { name: "a number", port: { port: 80 }, parsed: { kind: "range", protocol: "TCP", from: 80, to: 80 } },
    {
      name: "a range",
      port: { port: 1, endPort: 65535, protocol: "SCTP" },
      parsed: { kind: "range", protocol: "SCTP", from: 1, to: 65535 },
    },
    { name: "a name", port: { port: "http" }, parsed: { kind: "name", protocol: "TCP", name: "http" } },
  ])("$name", ({ port, parsed }) => {
    expect(parsePolicy(policy({ ingress: [{ ports: [port] }] })).isolates.ingress).toEqual([
      { peers: [], ports: [parsed] },
    ]);
  });
});

test.each([
  { name: "a text", object: "x", message: 'Cannot read NetworkPolicy: expected an object, found "x"' },
  {
    name: "no namespace",
    object: { metadata: { name: "p" } },
    message: "Cannot read NetworkPolicy metadata.namespace: expected a name, found nothing",
  },
  {
    name: "an empty peer",
    object: policy({ ingress: [{ from: [{}] }] }),
    message: "Cannot read NetworkPolicy a/p spec.ingress[0].from[0]: expected a peer, found {}",
  },
  {
    name: "an unknown operator",
    object: policy({ podSelector: { matchExpressions: [{ key: "a", operator: "Gt" }] } }),
    message:
      'Cannot read NetworkPolicy a/p spec.podSelector.matchExpressions[0].operator: expected one of "In", "NotIn", "Exists", "DoesNotExist", found "Gt"',
  },
  {
    name: "a CIDR that is none",
    object: policy({ egress: [{ to: [{ ipBlock: { cidr: "10.0.0.0/99" } }] }] }),
    message: 'Cannot read NetworkPolicy a/p spec.egress[0].to[0].ipBlock.cidr: expected a CIDR, found "10.0.0.0/99"',
  },
])("a stored NetworkPolicy with $name cannot be understood", ({ object, message }) => {
  expect(() => parsePolicy(object)).toThrow(new UserError("OBJECT_UNREADABLE", message));
});

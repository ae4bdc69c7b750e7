import { describe, expect, test } from "vitest";
import { NETWORK_POLICY_SPEC } from "../networkpolicy/shape.ts";
import { decode } from "./decode.ts";

describe("decoding, beyond what was recorded,", () => {
  test.each([
    ["drops empty lists and maps", { podSelector: { matchLabels: {} }, ingress: [] }, { podSelector: {} }],
    [
      "makes a null in a list a zero value",
      { egress: [{ ports: [null], to: [] }] },
      { podSelector: {}, egress: [{ ports: [{}] }] },
    ],
    [
      "makes a null label empty",
      { podSelector: { matchLabels: { a: null } } },
      { podSelector: { matchLabels: { a: "" } } },
    ],
    [
      "keeps an empty selector of a peer",
      { ingress: [{ from: [{ podSelector: {} }] }] },
      { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] },
    ],
    [
      "drops a null selector of a peer",
      { ingress: [{ from: [{ podSelector: null }] }] },
      { podSelector: {}, ingress: [{ from: [{}] }] },
    ],
    [
      "writes a CIDR that is not given",
      { ingress: [{ from: [{ ipBlock: {} }] }] },
      { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: "" } }] }] },
    ],
    ["keeps port 0", { ingress: [{ ports: [{ port: 0 }] }] }, { podSelector: {}, ingress: [{ ports: [{ port: 0 }] }] }],
  ])("%s", (_, given, expected) => {
    expect(decode(NETWORK_POLICY_SPEC, given)).toEqual({ value: expected, unknown: [] });
  });

  test.each([
    [{ ingress: [5] }, "number into Go struct field NetworkPolicySpec.ingress of type v1.NetworkPolicyIngressRule"],
    [
      { ingress: [{ ports: [{ endPort: "9" }] }] },
      "string into Go struct field NetworkPolicyPort.ingress.ports.endPort of type int32",
    ],
    [
      { ingress: [{ ports: [{ port: 3e9 }] }] },
      "number 3000000000 into Go struct field NetworkPolicyPort.ingress.ports.port of type int32",
    ],
    [{ podSelector: [] }, "array into Go struct field NetworkPolicySpec.podSelector of type v1.LabelSelector"],
    [{ policyTypes: "Ingress" }, "string into Go struct field NetworkPolicySpec.policyTypes of type []v1.PolicyType"],
    [
      { egress: [{ to: [{ ipBlock: { except: [true] } }] }] },
      "bool into Go struct field IPBlock.egress.to.ipBlock.except of type string",
    ],
  ])("refuses %j", (given, message) => {
    expect(decode(NETWORK_POLICY_SPEC, given).error).toBe(`json: cannot unmarshal ${message}`);
  });

  test("reports all unknown fields, and of wrong types the first", () => {
    const { unknown, error } = decode(NETWORK_POLICY_SPEC, { a: 1, ingress: [{ b: 1 }, { from: 1, ports: 2 }] });
    expect(unknown).toEqual(["a", "ingress[0].b"]);
    expect(error).toContain(".ingress.from of type");
  });
});

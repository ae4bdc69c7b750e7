import { describe, expect, test } from "vitest";
import { HTTP, useServices } from "./test-services.ts";

const { create } = useServices();

describe("a Service", () => {
  const affinity = { sessionAffinity: "ClientIP", sessionAffinityConfig: { clientIP: { timeoutSeconds: 86401 } } };
  test.each<[string, object, string]>([
    ["NodePort", { type: "NodePort", ports: [HTTP] }, 'spec.type: Unsupported value: "NodePort": the lab has only'],
    ["LoadBalancer", { type: "LoadBalancer", ports: [HTTP] }, 'the lab has only Services of type "ClusterIP"'],
    ["ExternalName", { type: "ExternalName", externalName: "a.example" }, "the lab has only Services of type"],
    [
      "a type that is none",
      { type: "Other", ports: [HTTP] },
      'supported values: "ClusterIP", "ExternalName", "LoadBalancer"',
    ],
    ["no ports", {}, "spec.ports: Required value"],
    ["two ports without names", { ports: [HTTP, { port: 81 }] }, "spec.ports[0].name: Required value"],
    [
      "two ports of one name",
      {
        ports: [
          { name: "a", port: 1 },
          { name: "a", port: 2 },
        ],
      },
      'spec.ports[1].name: Duplicate value: "a"',
    ],
    [
      "one port twice",
      {
        ports: [
          { name: "a", port: 1 },
          { name: "b", port: 1 },
        ],
      },
      'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":1,"TargetPort":0,"NodePort":0}',
    ],
    ["a port that is none", { ports: [{ port: 0 }] }, "spec.ports[0].port: Invalid value: 0: must be between 1 and"],
    [
      "a target that is none",
      { ports: [{ port: 1, targetPort: 70000 }] },
      "spec.ports[0].targetPort: Invalid value: 70000",
    ],
    [
      "a target of no name",
      { ports: [{ port: 1, targetPort: "a_b" }] },
      'spec.ports[0].targetPort: Invalid value: "a_b"',
    ],
    ["a protocol that is none", { ports: [{ port: 1, protocol: "ICMP" }] }, 'supported values: "SCTP", "TCP", "UDP"'],
    ["a nodePort", { ports: [{ port: 1, nodePort: 30000 }] }, "may not be used when `type` is 'ClusterIP'"],
    ["an external IP", { ports: [HTTP], externalIPs: ["192.0.2.1"] }, "spec.externalIPs: Forbidden: the lab has no"],
    ["a selector that is none", { ports: [HTTP], selector: { "a b": "c" } }, 'spec.selector: Invalid value: "a b"'],
    ["an affinity that is none", { ports: [HTTP], sessionAffinity: "x" }, 'supported values: "ClientIP", "None"'],
    ["an affinity without end", { ports: [HTTP], ...affinity }, "must be greater than 0 and less than 86400"],
    [
      "an address that is none",
      { ports: [HTTP], clusterIP: "x" },
      'spec.clusterIPs[0]: Invalid value: "x": must be a valid IP address',
    ],
    [
      "an address outside of the range",
      { ports: [HTTP], clusterIP: "10.97.0.1" },
      "The range of valid IPs is 10.96.0.0/16",
    ],
    ["the first address of the range", { ports: [HTTP], clusterIP: "10.96.0.0" }, "The range of valid IPs is"],
    [
      "a lone second field",
      { ports: [HTTP], clusterIPs: ["10.96.0.7"] },
      "must be empty when `clusterIP` is not specified",
    ],
    [
      "two families required",
      { ports: [HTTP], ipFamilyPolicy: "RequireDualStack" },
      "this cluster is not configured for dual-stack services",
    ],
    [
      "another family",
      { ports: [HTTP], ipFamilies: ["IPv6"] },
      'spec.ipFamilies[0]: Invalid value: "IPv6": not configured',
    ],
    [
      "an address of another family",
      { ports: [HTTP], clusterIP: "fd00:10:96::7" },
      "IPv6 is not configured on this cluster",
    ],
  ])("with %s is invalid", async (_, spec, message) => {
    expect((await create(spec)).body).toMatchObject({
      ...{ kind: "Status", code: 422, reason: "Invalid" },
      message: expect.stringContaining(message),
    });
  });
});

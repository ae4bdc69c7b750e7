import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Family } from "../../contracts.ts";
import { at } from "../fields.ts";
import { type Answer, startTestServer, type TestServer } from "../test-server.ts";

const SERVICES = "/api/v1/namespaces/default/services";
const MERGE = "application/merge-patch+json";
const HTTP = { port: 80 };

let lab: TestServer;

async function start(families?: readonly Family[]): Promise<void> {
  lab = await startTestServer({}, families && { families });
}

function create(spec: object, name = "web"): Promise<Answer> {
  return lab.send("POST", SERVICES, { body: { metadata: { name }, spec } });
}

function patch(body: object, name = "web"): Promise<Answer> {
  return lab.send("PATCH", `${SERVICES}/${name}`, { body, contentType: MERGE });
}

describe("on a cluster of one family a Service", () => {
  beforeEach(() => start());
  afterEach(() => lab[Symbol.asyncDispose]());

  test("has the defaults of a genuine server, and an address of its own", async () => {
    const { body, code } = await create({ selector: { app: "web" }, ports: [HTTP] });
    expect(code).toBe(201);
    const clusterIP = at(body, "spec.clusterIP");
    expect(clusterIP).toMatch(/^10\.96\.\d{1,3}\.\d{1,3}$/);
    expect(body).toMatchObject({
      kind: "Service",
      apiVersion: "v1",
      metadata: { name: "web", namespace: "default" },
      status: { loadBalancer: {} },
    });
    expect(at(body, "spec")).toEqual({
      ports: [{ protocol: "TCP", port: 80, targetPort: 80 }],
      selector: { app: "web" },
      clusterIP,
      clusterIPs: [clusterIP],
      type: "ClusterIP",
      sessionAffinity: "None",
      ipFamilies: ["IPv4"],
      ipFamilyPolicy: "SingleStack",
      internalTrafficPolicy: "Cluster",
    });
    expect((await create({ ports: [HTTP] }, "other")).body).not.toMatchObject({ spec: { clusterIP } });
  });

  test("is listed by its address, watched, patched and deleted", async () => {
    const { body } = await create({ clusterIP: "10.96.0.7", ports: [HTTP] });
    const version = at(body, "metadata.resourceVersion");
    const events = lab.watch(`${SERVICES}?watch=true&resourceVersion=${version}`, 2);
    const listed = await lab.send("GET", "/api/v1/services?fieldSelector=spec.clusterIP%3D10.96.0.7");
    expect(at(listed.body, "items")).toHaveLength(1);
    const patched = await patch({ spec: { ports: [{ port: 80, targetPort: "http" }] } });
    expect(at(patched.body, "spec.ports")).toEqual([{ protocol: "TCP", port: 80, targetPort: "http" }]);
    const deleted = await lab.send("DELETE", `${SERVICES}/web`);
    expect(deleted.body).toMatchObject({ kind: "Service", metadata: { name: "web" } });
    expect((await events).map(({ type }) => type)).toEqual(["MODIFIED", "DELETED"]);
    expect((await lab.send("GET", `${SERVICES}/web`)).code).toBe(404);
  });

  test("has its ports merged by their numbers, as kubectl patches them", async () => {
    await create({
      ports: [
        { name: "a", port: 80 },
        { name: "b", port: 81 },
      ],
    });
    const ports = [
      { port: 80, targetPort: 8080 },
      { $patch: "delete", port: 81 },
    ];
    const contentType = "application/strategic-merge-patch+json";
    const { body } = await lab.send("PATCH", `${SERVICES}/web`, { body: { spec: { ports } }, contentType });
    expect(at(body, "spec.ports")).toEqual([{ name: "a", protocol: "TCP", port: 80, targetPort: 8080 }]);
  });

  test("keeps its address through an update that does not name it, and its status through one that does", async () => {
    const { body } = await create({ ports: [HTTP] });
    const spec = { ports: [{ port: 81 }], selector: { app: "web" } };
    const { body: updated, code } = await lab.send("PUT", `${SERVICES}/web`, {
      body: { metadata: { name: "web" }, spec, status: {} },
    });
    expect(code).toBe(200);
    expect(at(updated, "spec.clusterIPs")).toEqual(at(body, "spec.clusterIPs"));
    expect(updated).toMatchObject({ spec: { ports: [{ port: 81, targetPort: 81 }] }, status: { loadBalancer: {} } });
    const resent = await lab.send("PUT", `${SERVICES}/web?fieldValidation=Strict`, { body: updated as object });
    expect(resent.code).toBe(200);
  });

  test("gives its address back when it goes", async () => {
    await create({ clusterIP: "10.96.0.7", ports: [HTTP] });
    const taken = await create({ clusterIP: "10.96.0.7", ports: [HTTP] }, "other");
    expect(taken.body).toMatchObject({
      code: 422,
      reason: "Invalid",
      message:
        'Service "other" is invalid: spec.clusterIPs: Invalid value: ["10.96.0.7"]: ' +
        "failed to allocate IP 10.96.0.7: provided IP is already allocated",
      details: { causes: [{ field: "spec.clusterIPs", reason: "FieldValueInvalid" }] },
    });
    await lab.send("DELETE", `${SERVICES}/web`);
    expect((await create({ clusterIP: "10.96.0.7", ports: [HTTP] }, "other")).code).toBe(201);
  });

  test("takes no address in a dry run, but shows one", async () => {
    const spec = { clusterIP: "10.96.0.7", ports: [HTTP] };
    const { body } = await lab.send("POST", `${SERVICES}?dryRun=All`, { body: { metadata: { name: "a" }, spec } });
    expect(at(body, "spec.clusterIP")).toBe("10.96.0.7");
    expect((await create(spec)).code).toBe(201);
  });

  test("is headless where its address is None, and may then have no ports", async () => {
    const { body } = await create({ clusterIP: "None", selector: { app: "web" } });
    expect(at(body, "spec")).toMatchObject({
      ...{ clusterIP: "None", clusterIPs: ["None"] },
      ...{ ipFamilies: ["IPv4"], ipFamilyPolicy: "SingleStack" },
    });
  });

  test("without an address and without a selector may be of any family", async () => {
    const { body } = await create({ clusterIP: "None" });
    expect(at(body, "spec")).toMatchObject({ ipFamilies: ["IPv4", "IPv6"], ipFamilyPolicy: "RequireDualStack" });
  });

  test("keeps a client at one pod for the time that a genuine server says", async () => {
    const { body } = await create({ ports: [HTTP], sessionAffinity: "ClientIP" });
    expect(at(body, "spec.sessionAffinityConfig")).toEqual({ clientIP: { timeoutSeconds: 10800 } });
    const { body: patched } = await patch({ spec: { sessionAffinity: "None" } });
    expect(at(patched, "spec")).not.toHaveProperty("sessionAffinityConfig");
  });

  test("prefers two families in vain", async () => {
    const { body } = await create({ ports: [HTTP], ipFamilyPolicy: "PreferDualStack" });
    expect(at(body, "spec")).toMatchObject({ ipFamilies: ["IPv4"], ipFamilyPolicy: "PreferDualStack" });
  });

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

  test("with a field that it does not have is refused under strict validation", async () => {
    const body = { metadata: { name: "web" }, spec: { ports: [{ port: 80, targetport: 81 }] } };
    const answer = await lab.send("POST", `${SERVICES}?fieldValidation=Strict`, { body });
    expect(answer.body).toMatchObject({
      code: 400,
      message: expect.stringContaining('unknown field "spec.ports[0].targetport"'),
    });
  });

  test("keeps its address whatever a client says, and stays headless or not", async () => {
    await create({ clusterIP: "10.96.0.7", ports: [HTTP] });
    for (const clusterIP of ["10.96.0.8", "None"]) {
      expect((await patch({ spec: { clusterIP } })).body).toMatchObject({
        code: 422,
        message: expect.stringContaining(
          `spec.clusterIPs[0]: Invalid value: ["${clusterIP}"]: may not change once set`,
        ),
      });
    }
  });
});

describe("on a cluster of two families a Service", () => {
  beforeEach(() => start(["IPv4", "IPv6"]));
  afterEach(() => lab[Symbol.asyncDispose]());

  test("is of the first unless it says otherwise", async () => {
    const { body } = await create({ ports: [HTTP] });
    expect(at(body, "spec")).toMatchObject({ ipFamilies: ["IPv4"], ipFamilyPolicy: "SingleStack" });
  });

  test.each(["PreferDualStack", "RequireDualStack"])("has an address of each under %s", async (ipFamilyPolicy) => {
    const { body } = await create({ ports: [HTTP], ipFamilyPolicy });
    expect(at(body, "spec")).toMatchObject({ ipFamilies: ["IPv4", "IPv6"], ipFamilyPolicy });
    expect(at(body, "spec.clusterIPs")).toEqual([
      expect.stringMatching(/^10\.96\.\d+\.\d+$/),
      expect.stringMatching(/^fd00:10:96::[0-9a-f]{1,4}$/),
    ]);
  });

  test("has the family that it asks for, first or alone", async () => {
    const { body: alone } = await create({ ports: [HTTP], ipFamilies: ["IPv6"] });
    expect(at(alone, "spec.clusterIP")).toMatch(/^fd00:10:96::/);
    const { body: first } = await create(
      { ports: [HTTP], ipFamilies: ["IPv6"], ipFamilyPolicy: "PreferDualStack" },
      "two",
    );
    expect(at(first, "spec.ipFamilies")).toEqual(["IPv6", "IPv4"]);
    expect(at(first, "spec.clusterIP")).toMatch(/^fd00:10:96::/);
  });

  test("tells addresses apart and not their spellings", async () => {
    await create({ ports: [HTTP], clusterIP: "fd00:10:96::7" });
    expect((await create({ ports: [HTTP], clusterIP: "FD00:10:96:0::0007" }, "two")).body).toMatchObject({
      message: expect.stringContaining("provided IP is already allocated"),
    });
  });

  test("gains a second address and gives it back, and keeps the first", async () => {
    await create({ ports: [HTTP], clusterIP: "10.96.0.7" });
    const { body: two } = await patch({ spec: { ipFamilyPolicy: "PreferDualStack" } });
    expect(at(two, "spec")).toMatchObject({ clusterIP: "10.96.0.7", ipFamilies: ["IPv4", "IPv6"] });
    expect(at(two, "spec.clusterIPs")).toHaveLength(2);
    const { body: one } = await patch({ spec: { ipFamilyPolicy: "SingleStack" } });
    expect(at(one, "spec")).toMatchObject({ clusterIPs: ["10.96.0.7"], ipFamilies: ["IPv4"] });
  });

  test.each<[string, object, string]>([
    [
      "two families under a policy of one",
      { ipFamilyPolicy: "SingleStack", ipFamilies: ["IPv4", "IPv6"] },
      "must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified",
    ],
    ["one family twice", { ipFamilies: ["IPv4", "IPv4"] }, 'spec.ipFamilies[1]: Duplicate value: "IPv4"'],
    ["a family that is none", { ipFamilies: ["IPv5"] }, 'Unsupported value: "IPv5": supported values: "IPv4", "IPv6"'],
    [
      "an address of the other family",
      { clusterIP: "10.96.0.7", ipFamilies: ["IPv6"] },
      "expected an IPv6 value as indicated by `ipFamilies[0]`",
    ],
    [
      "two addresses of one family",
      { clusterIP: "10.96.0.7", clusterIPs: ["10.96.0.7", "10.96.0.8"], ipFamilyPolicy: "PreferDualStack" },
      "may specify no more than one IP for each IP family",
    ],
  ])("with %s is invalid", async (_, spec, message) => {
    const { body } = await create({ ports: [HTTP], ...spec });
    expect(body).toMatchObject({ code: 422, message: expect.stringContaining(message) });
  });

  test("does not lose its second family by leaving it out", async () => {
    await create({ ports: [HTTP], ipFamilyPolicy: "RequireDualStack" });
    const { body } = await patch({ spec: { ipFamilies: ["IPv4"] } });
    expect(body).toMatchObject({
      code: 422,
      message: expect.stringContaining("must be 'SingleStack' to release the secondary IP family"),
    });
  });
});

import { describe, expect, test } from "vitest";
import { at } from "../fields.ts";
import { HTTP, SERVICES, useServices } from "./test-services.ts";

const { create, patch, send, watch } = useServices();

describe("on a cluster of one family a Service", () => {
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
    const events = watch(`${SERVICES}?watch=true&resourceVersion=${version}`, 2);
    const listed = await send("GET", "/api/v1/services?fieldSelector=spec.clusterIP%3D10.96.0.7");
    expect(at(listed.body, "items")).toHaveLength(1);
    const patched = await patch({ spec: { ports: [{ port: 80, targetPort: "http" }] } });
    expect(at(patched.body, "spec.ports")).toEqual([{ protocol: "TCP", port: 80, targetPort: "http" }]);
    const deleted = await send("DELETE", `${SERVICES}/web`);
    expect(deleted.body).toMatchObject({ kind: "Service", metadata: { name: "web" } });
    expect((await events).map(({ type }) => type)).toEqual(["MODIFIED", "DELETED"]);
    expect((await send("GET", `${SERVICES}/web`)).code).toBe(404);
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
    const { body } = await send("PATCH", `${SERVICES}/web`, { body: { spec: { ports } }, contentType });
    expect(at(body, "spec.ports")).toEqual([{ name: "a", protocol: "TCP", port: 80, targetPort: 8080 }]);
  });

  test("keeps its address through an update that does not name it, and its status through one that does", async () => {
    const { body } = await create({ ports: [HTTP] });
    const spec = { ports: [{ port: 81 }], selector: { app: "web" } };
    const { body: updated, code } = await send("PUT", `${SERVICES}/web`, {
      body: { metadata: { name: "web" }, spec, status: {} },
    });
    expect(code).toBe(200);
    expect(at(updated, "spec.clusterIPs")).toEqual(at(body, "spec.clusterIPs"));
    expect(updated).toMatchObject({ spec: { ports: [{ port: 81, targetPort: 81 }] }, status: { loadBalancer: {} } });
    const resent = await send("PUT", `${SERVICES}/web?fieldValidation=Strict`, { body: updated as object });
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
    await send("DELETE", `${SERVICES}/web`);
    expect((await create({ clusterIP: "10.96.0.7", ports: [HTTP] }, "other")).code).toBe(201);
  });

  test("takes no address in a dry run, but shows one", async () => {
    const spec = { clusterIP: "10.96.0.7", ports: [HTTP] };
    const { body } = await send("POST", `${SERVICES}?dryRun=All`, { body: { metadata: { name: "a" }, spec } });
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

  test("with a field that it does not have is refused under strict validation", async () => {
    const body = { metadata: { name: "web" }, spec: { ports: [{ port: 80, targetport: 81 }] } };
    const answer = await send("POST", `${SERVICES}?fieldValidation=Strict`, { body });
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

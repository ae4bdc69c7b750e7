import { describe, expect, test } from "vitest";
import { at } from "../fields.ts";
import { HTTP, useServices } from "./test-services.ts";

const { create, patch } = useServices({ families: ["IPv4", "IPv6"] });

describe("on a cluster of two families a Service", () => {
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

import { describe, expect, it } from "vitest";
import { ApiError } from "./api-error.ts";
import type { ApiClient } from "./client.ts";
import { readLiveManifests } from "./live-manifests.ts";

describe("what is live in a namespace", () => {
  it("is not taken in without its policies, which may allow more", async () => {
    await expect(read("networkpolicies")).rejects.toThrow(/Cannot list.*403/);
  });

  it("is not taken in without its labels, on which selectors rest", async () => {
    await expect(read("namespaces/shop")).rejects.toThrow(/403/);
  });

  it("is taken in without workloads that may not be listed, and these are named", async () => {
    expect((await read("cronjobs")).unseen).toEqual(['cronjobs in namespace "shop"']);
  });
});

/** From a server that forbids every path that ends so. */
function read(forbidden: string) {
  const call: ApiClient["call"] = async ({ path, what }) => {
    if (path.split("?")[0]?.endsWith(forbidden))
      throw new ApiError(what, { code: 403, reason: "Forbidden", message: "not yours" });
    return { metadata: { name: "shop" }, items: [] };
  };
  return readLiveManifests({ call } as ApiClient, ["shop"], new AbortController().signal);
}

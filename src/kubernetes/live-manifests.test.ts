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

  it("has what controllers of other kinds run, once for each set of labels, and nothing twice", async () => {
    const owned = (name: string, [apiVersion, kind]: readonly [string, string], labels: object, more: object = {}) => ({
      metadata: { name, labels, ownerReferences: [{ apiVersion, kind, uid: kind, controller: true }] },
      ...more,
    });
    const DATABASE = ["postgresql.cnpg.io/v1", "Cluster"] as const;
    const ROLLOUT = ["argoproj.io/v1alpha1", "Rollout"] as const;
    const { files } = await read("nothing", {
      pods: [
        owned("db-1", DATABASE, { role: "primary" }),
        owned("db-2", DATABASE, { role: "replica" }),
        owned("db-3", DATABASE, { role: "replica" }),
        owned("web-x-y", ["apps/v1", "ReplicaSet"], { app: "web" }),
        { metadata: { name: "bare" } },
        { metadata: { name: "ended" }, status: { phase: "Succeeded" } },
      ],
      replicasets: [
        owned("web-x", ROLLOUT, { app: "web" }, { spec: { replicas: 2 } }),
        owned("web-old", ROLLOUT, { app: "web" }, { spec: { replicas: 0 } }),
        owned("api-x", ["apps/v1", "Deployment"], { app: "api" }, { spec: { replicas: 2 } }),
      ],
    });
    const { items } = JSON.parse(files[0]?.text ?? "") as { items: { kind: string; metadata: { name: string } }[] };
    const names = items.filter(({ kind }) => kind !== "Namespace").map(({ metadata }) => metadata.name);
    expect(names.sort()).toEqual(["bare", "db-1", "db-3", "web-x"]);
  });
});

/** From a server that forbids every path that ends so. */
function read(forbidden: string, objects: Readonly<Record<string, readonly object[]>> = {}) {
  const call: ApiClient["call"] = async ({ path, what }) => {
    const [last = ""] = path.split("?")[0]?.split("/").slice(-1) ?? [];
    if (path.split("?")[0]?.endsWith(forbidden))
      throw new ApiError(what, { code: 403, reason: "Forbidden", message: "not yours" });
    return { metadata: { name: "shop" }, items: objects[last] ?? [] };
  };
  return readLiveManifests({ call } as ApiClient, ["shop"], new AbortController().signal);
}

import { defineConfig } from "vitest/config";

/** Tests on the cluster that the kubeconfig names, one after another: they share it. */
export default defineConfig({
  test: {
    include: ["test/cluster/*.cluster.ts"],
    globalSetup: ["test/global-setup.ts", "test/cluster/testing/global-setup.ts"],
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
});

import { defineConfig } from "vitest/config";

/** Random sets of policies, a hundred at a time: several labs side by side. */
export default defineConfig({
  test: {
    include: ["test/sets/*.sets.ts"],
    globalSetup: ["test/global-setup.ts"],
    testTimeout: 300_000,
    maxConcurrency: 3,
  },
});

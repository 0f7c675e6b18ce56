import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // `make consumers` sets it, for those that take long to install.
    include: [process.env["CONSUMERS"] ? "test/consumers/*.test.ts" : "test/*.test.ts"],
    globalSetup: "test/pack.ts",
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});

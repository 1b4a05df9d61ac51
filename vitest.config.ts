import { defineConfig } from "vitest/config";

/** Set by .ci/run: the counts of its sum come from this file. */
const jsonReport = process.env["VITEST_JSON_REPORT"];

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    // Two cores: more workers only make PGlite instances compete for memory.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    globalSetup: ["./tests/globalSetup.ts"],
    reporters: jsonReport === undefined ? ["default"] : ["default", ["json", { outputFile: jsonReport }]],
  },
});

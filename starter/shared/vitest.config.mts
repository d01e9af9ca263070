import { defineConfig } from "vitest/config";

// With FLAGON_TESTING, errors of views reach the test, and the log is silent.
export default defineConfig({
  test: { include: ["**/*.test.ts"], exclude: ["dist/**", "node_modules/**"], env: { FLAGON_TESTING: "1" } },
});

import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const source = new URL("./src", import.meta.url).pathname;
const alias = [
  { find: /^flagon$/, replacement: `${source}/index.ts` },
  { find: /^flagon\/(.+)$/, replacement: `${source}/$1/index.ts` },
];

export default defineConfig({
  test: {
    // Many tests wait for a process or a timer. On two cores vitest would run one file at a time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        resolve: { alias },
        test: {
          name: "node",
          include: ["test/**/*.test.ts"],
          exclude: ["test/browser/**", "test/clients/**", "test/drizzle-next/**", "test/packed/**", "test/runtimes/**", "test/services/**"],
          globalSetup: "test/build.ts",
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: "services",
          include: ["test/services/*.test.ts"],
          globalSetup: "test/build.ts",
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: "drizzle-next",
          include: ["test/database/*.test.ts", "test/jobs/jobs.test.ts", "test/drizzle-next/*.test.ts"],
          // These write the folders of migrations and the relations of version 0.45; "drizzle-next" has those of version 1.
          testNamePattern: /^(?!migrations on |.*relational queries|flagon db generate)/,
          testTimeout: 60_000,
        },
      },
      { resolve: { alias }, test: { name: "clients", include: ["test/clients/*.test.ts"], testTimeout: 120_000 } },
      { test: { name: "packed", include: ["test/packed/*.test.ts"], globalSetup: "test/build.ts", testTimeout: 120_000 } },
      { test: { name: "runtimes", include: ["test/runtimes/*.test.ts"], testTimeout: 60_000 } },
      { resolve: { alias }, test: { name: "browser", include: ["test/browser/**/*.test.ts"], testTimeout: 60_000, hookTimeout: 60_000 } },
    ],
  },
});

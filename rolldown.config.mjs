import { defineConfig } from "rolldown";

const parts = ["index", ...["database", "jobs", "login", "mail", "openapi", "sessions"].map((part) => `${part}/index`)];

// The core is one file: Node loads it in half the time that a file for each module takes. The compiler has written the declarations.
export default defineConfig([
  {
    input: Object.fromEntries([...parts, "cli/bin"].map((name) => [name, `./src/${name}.ts`])),
    // Helpers of the bundler become part of it; packages stay outside.
    external: /^(?!@oxc-project\/)(?:node:|@?[a-z][\w.-]*(?:\/|$))/,
    platform: "node",
    tsconfig: "tsconfig.build.json",
    treeshake: { moduleSideEffects: true },
    output: {
      dir: "dist",
      format: "cjs",
      exports: "named",
      sourcemap: true,
      keepNames: true,
      codeSplitting: {
        groups: [{ name: "core", test: /src\/(?!cli|database|jobs|login|mail|openapi|sessions\/(?:index|server-sessions|stores))/ }],
      },
      // As deep as `cli/`: paths to the root of the package start at `__dirname`.
      chunkFileNames: "parts/[name].js",
    },
  },
  {
    input: Object.fromEntries([...parts, "base/bundled-require"].map((name) => [name, `./src/${name}.mts`])),
    external: /^(?!\.\/src\/)/,
    platform: "node",
    output: { dir: "dist", format: "esm", entryFileNames: "[name].mjs" },
  },
]);

import { createRequire } from "node:module";

/*
 * A bundler that writes an ES module, such as esbuild, leaves `require("node:fs")` of CommonJS packages as it is, and an ES
 * module has no `require`. In a bundle, where this file has another name, one is provided before any of them runs.
 */
const url: string | undefined = import.meta.url;
if (url?.endsWith("/bundled-require.mjs") !== true && !Reflect.has(globalThis, "require")) {
  const require = createRequire(url?.startsWith("file:") === true ? url : "file:///bundle.mjs");
  Reflect.set(globalThis, "require", (name: string): unknown => {
    try {
      return toExports(require(name));
    } catch (error) {
      // A Worker has no processes and threads. Packages that name their modules, such as pino, do not use them there.
      if (/^(?:node:)?(?:child_process|cluster|worker_threads)$/.test(name)) {
        return {};
      }
      throw error;
    }
  });
}

/** Returns the exports of a CommonJS module: workerd gives the namespace of an ES module instead. */
function toExports(loaded: object): unknown {
  return Object.prototype.toString.call(loaded) === "[object Module]" && "default" in loaded ? loaded.default : loaded;
}

import "../base/bundled-require.mjs";

export * from "./index.js";

import "../bundled-require.mjs";

export * from "./index.js";

import { serveStatic } from "hono/bun";
import { createApp } from "./hono.mjs";

const server = Bun.serve({ port: 0, hostname: "127.0.0.1", idleTimeout: 30, fetch: createApp(serveStatic).fetch });
console.log(`listening ${server.port}`);

import { serve } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
import { createApp } from "./hono.mjs";
import { announce } from "./shared.mjs";

const server = serve({ fetch: createApp(serveStatic).fetch, hostname: "127.0.0.1", port: 0 }, () => announce(server));

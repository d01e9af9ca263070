import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { always, report, withHtml } from "./headers.mjs";

const app = new Hono();
app.get("/", (context) => context.html("Hello, world!", 200, withHtml));
app.get("/users/:id{[0-9]+}", (context) =>
  context.json({ id: Number(context.req.param("id")), name: "Ann", roles: ["admin", "author"] }, 200, always),
);
const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }, () => report(server));

import fastify from "fastify";
import { always, report, withHtml } from "./headers.mjs";

const app = fastify();
app.get("/", (_request, reply) => {
  reply.headers(withHtml).type("text/html; charset=utf-8").send("Hello, world!");
});
const user = {
  type: "object",
  properties: { id: { type: "integer" }, name: { type: "string" }, roles: { type: "array", items: { type: "string" } } },
};
app.get(
  "/users/:id",
  { schema: { params: { type: "object", properties: { id: { type: "integer" } } }, response: { 200: user } } },
  (request, reply) => {
    reply
      .headers(always)
      .header("content-type", "application/json")
      .send({ id: request.params.id, name: "Ann", roles: ["admin", "author"] });
  },
);
await app.listen({ host: "127.0.0.1", port: 0 });
report(app.server);

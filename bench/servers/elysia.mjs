import { staticPlugin } from "@elysiajs/static";
import { Elysia, t } from "elysia";
import { people } from "./pages.mjs";
import { always, notFound, otherRoutes, rows, staticFolder, withHtml } from "./shared.mjs";

const app = new Elysia();
const html = (set, body, status = 200) => {
  Object.assign(set.headers, withHtml, { "content-type": "text/html; charset=utf-8" });
  set.status = status;
  return body;
};
app.get("/", ({ set }) => html(set, "Hello, world!"));
for (let index = 0; index < otherRoutes; index++) {
  app.get(`/things${index}/:id`, () => ({ index }), { params: t.Object({ id: t.Integer() }) });
}
app.get(
  "/users/:id",
  ({ params, set }) => {
    Object.assign(set.headers, always);
    return { id: params.id, name: "Ann", roles: ["admin", "author"] };
  },
  { params: t.Object({ id: t.Integer() }) },
);
app.get("/page", ({ set }) => html(set, people(rows)));
app.post(
  "/api/posts",
  ({ body, set }) => {
    Object.assign(set.headers, always);
    set.status = 201;
    return { ...body, id: 1 };
  },
  {
    body: t.Object({
      title: t.String({ minLength: 3, maxLength: 80 }),
      tags: t.Array(t.String(), { maxItems: 5 }),
      rating: t.Integer({ minimum: 1, maximum: 5 }),
    }),
  },
);
app.use(await staticPlugin({ assets: staticFolder, prefix: "/static", headers: { ...always, "cache-control": "no-cache" } }));
app.onError(({ code, set }) => {
  if (code === "NOT_FOUND") {
    set.headers["cache-control"] = "no-store";
    return html(set, notFound, 404);
  }
});
app.listen({ port: 0, hostname: "127.0.0.1" });
console.log(`listening ${app.server.port}`);

import { stat } from "node:fs/promises";
import { PassThrough } from "node:stream";
import cookie from "@fastify/cookie";
import csrf from "@fastify/csrf-protection";
import flash from "@fastify/flash";
import formbody from "@fastify/formbody";
import multipart from "@fastify/multipart";
import secureSession from "@fastify/secure-session";
import fastifyStatic from "@fastify/static";
import view from "@fastify/view";
import { Eta } from "eta";
import fastify from "fastify";
import { openDatabases } from "./databases.mjs";
import { formSchema, newPostSchema, postSchema, userSchema } from "./schemas.mjs";
import { always, announce, notFound, otherRoutes, rows, secret, sendEvents, staticFolder, views, withHtml } from "./shared.mjs";

// A form tells all that is wrong at once.
const rowSchema = { type: "object", properties: { id: { type: "integer" }, amount: { type: "integer" } } };
const app = fastify({ ajv: { customOptions: { allErrors: true } } });
await app.register(cookie);
await app.register(secureSession, {
  secret,
  salt: "mq9hDxBVDbspDR6n",
  cookieName: "session",
  cookie: { path: "/", httpOnly: true, sameSite: "lax" },
});
await app.register(flash);
await app.register(csrf, { sessionPlugin: "@fastify/secure-session", getToken: (request) => request.body?.csrf_token });
await app.register(formbody);
await app.register(multipart, { limits: { fileSize: 20_000_000 } });
await app.register(view, { engine: { eta: new Eta({ views, cache: true }) }, templates: views, production: true, viewExt: "eta" });
await app.register(fastifyStatic, {
  root: staticFolder,
  prefix: "/static/",
  cacheControl: false,
  setHeaders: (reply) => reply.headers({ ...always, "cache-control": "no-cache" }),
});

app.get("/", (_request, reply) => {
  reply.headers(withHtml).type("text/html; charset=utf-8").send("Hello, world!");
});
for (let index = 0; index < otherRoutes; index++) {
  app.get(`/things${index}/:id`, () => ({ index }));
}
app.get(
  "/users/:id",
  { schema: { params: { type: "object", properties: { id: { type: "integer" } } }, response: { 200: userSchema } } },
  (request, reply) => {
    reply.headers(always).send({ id: request.params.id, name: "Ann", roles: ["admin", "author"] });
  },
);
app.get("/page", (_request, reply) => reply.headers(withHtml).view("page", { rows }));
app.get("/enter", (request, reply) => {
  request.session.set("user", "Ann");
  request.flash("message", "Saved <1>.");
  return reply.headers(withHtml).type("text/html; charset=utf-8").send("");
});
app.get("/dashboard", (request, reply) => {
  const data = { user: request.session.get("user") ?? "", messages: reply.flash("message") };
  return reply.headers(withHtml).header("vary", "cookie").view("dashboard", data);
});
app.get("/form", (_request, reply) => {
  const token = reply.generateCsrf();
  return reply.headers(withHtml).header("vary", "cookie").view("form", { token, values: {}, errors: {} });
});
app.post("/form", { schema: { body: formSchema }, attachValidation: true, preHandler: app.csrfProtection }, (request, reply) => {
  if (request.validationError === undefined) {
    request.flash("message", `Saved ${request.body.title}.`);
    return reply.headers(withHtml).header("vary", "cookie").redirect("/dashboard", 303);
  }
  const errors = {};
  for (const { instancePath, message } of request.validationError.validation) {
    const name = instancePath.slice(1);
    errors[name] = [...(errors[name] ?? []), message];
  }
  const data = { token: reply.generateCsrf(), values: request.body, errors };
  return reply.code(422).headers(withHtml).headers({ "cache-control": "no-store", vary: "cookie" }).view("form", data);
});
app.post("/api/posts", { schema: { body: newPostSchema, response: { 201: postSchema } } }, (request, reply) => {
  reply
    .code(201)
    .headers(always)
    .send({ ...request.body, id: 1 });
});
for (const { findRow, kind, listFortunes, updateRows } of openDatabases()) {
  app.get(
    `/api/${kind}/rows/:id`,
    { schema: { params: { type: "object", properties: { id: { type: "integer" } } }, response: { 200: rowSchema } } },
    async (request, reply) => reply.headers(always).send(await findRow(request.params.id)),
  );
  app.get(`/fortunes/${kind}`, async (_request, reply) => reply.headers(withHtml).view("fortunes", { rows: await listFortunes() }));
  app.post(`/api/${kind}/updates`, async (_request, reply) => reply.headers(always).send(await updateRows()));
}
app.get("/events", (_request, reply) => {
  const stream = new PassThrough();
  sendEvents(stream);
  return reply.headers({ ...always, "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" }).send(stream);
});
app.post("/upload", async (request, reply) => {
  const { files } = await request.saveRequestFiles();
  const [{ filename, filepath }] = files;
  const { size } = await stat(filepath);
  return reply.headers(always).send({ filename, size });
});
app.setNotFoundHandler((_request, reply) => {
  reply.code(404).headers(withHtml).header("cache-control", "no-store").type("text/html; charset=utf-8").send(notFound);
});
await app.listen({ host: "127.0.0.1", port: 0 });
announce(app.server);

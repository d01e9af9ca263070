import { unlink } from "node:fs/promises";
import { createServer } from "node:http";
import { PassThrough } from "node:stream";
import { Ignitor } from "@adonisjs/core";
import { defineConfig as defineBodyParser } from "@adonisjs/core/bodyparser";
import { defineConfig as defineEncryption, drivers } from "@adonisjs/core/encryption";
import { defineConfig as defineHttp, ExceptionHandler } from "@adonisjs/core/http";
import { defineConfig as defineLogger } from "@adonisjs/core/logger";
import { defineConfig as defineSession, stores } from "@adonisjs/session";
import { defineConfig as defineShield } from "@adonisjs/shield";
import { defineConfig as defineStatic } from "@adonisjs/static";
import vine from "@vinejs/vine";
import { openDatabases } from "./databases.mjs";
import { always, announce, notFound, otherRoutes, rows, secret, sendEvents, withHtml } from "./shared.mjs";

const config = {
  app: {
    appUrl: "http://127.0.0.1",
    http: defineHttp({ cookie: { path: "/", httpOnly: true, sameSite: "lax" } }),
  },
  encryption: defineEncryption({ default: "gcm", list: { gcm: drivers.aes256gcm({ id: "gcm", keys: [secret] }) } }),
  logger: defineLogger({ default: "app", loggers: { app: { enabled: false } } }),
  bodyparser: defineBodyParser({ multipart: { limit: "20mb" } }),
  session: defineSession({ enabled: true, cookieName: "session", store: "cookie", stores: { cookie: stores.cookie() } }),
  // The headers are those of all servers, set by each view.
  shield: defineShield({ csrf: { enabled: true, methods: ["POST"] } }),
  static: defineStatic({ enabled: true, headers: () => ({ ...always, "cache-control": "no-cache" }) }),
};
const rcFile = {
  directories: { public: "../generated", views: "views/edge" },
  providers: [
    () => import("@adonisjs/core/providers/app_provider"),
    () => import("@adonisjs/core/providers/edge_provider"),
    () => import("@adonisjs/core/providers/vinejs_provider"),
    () => import("@adonisjs/session/session_provider"),
    () => import("@adonisjs/shield/shield_provider"),
    () => import("@adonisjs/static/static_provider"),
  ],
};

const postForm = vine.create({
  title: vine.string().trim().minLength(3).maxLength(80),
  body: vine.string().trim().minLength(10).maxLength(2000),
});
const newPost = vine.create({
  title: vine.string().minLength(3).maxLength(80),
  tags: vine.array(vine.string()).maxLength(5),
  rating: vine.number({ strict: true }).withoutDecimals().range([1, 5]),
});

/** Sets headers, one by one, which is how this framework takes them. */
function setHeaders(response, headers) {
  for (const [name, value] of Object.entries(headers)) {
    response.header(name, value);
  }
  return response;
}

class Handler extends ExceptionHandler {
  renderStatusPages = true;
  statusPages = {
    404: (_error, { response }) =>
      setHeaders(response, withHtml).status(404).header("cache-control", "no-store").type("text/html; charset=utf-8").send(notFound),
  };
}

/** Middleware and routes, as start/kernel.ts and start/routes.ts have them. */
async function route(app) {
  const server = await app.container.make("server");
  const router = await app.container.make("router");
  server.errorHandler(async () => ({ default: Handler }));
  router.use([() => import("@adonisjs/core/bodyparser_middleware")]);
  // Only where they are needed, as with the other servers.
  const middleware = router.named({
    files: () => import("@adonisjs/static/static_middleware"),
    session: () => import("@adonisjs/session/session_middleware"),
    shield: () => import("@adonisjs/shield/shield_middleware"),
  });

  router.get("/", ({ response }) => {
    setHeaders(response, withHtml).type("text/html; charset=utf-8").send("Hello, world!");
  });
  for (let index = 0; index < otherRoutes; index++) {
    router.get(`/things${index}/:id`, () => ({ index }));
  }
  router
    .get("/users/:id", ({ params, response }) => {
      setHeaders(response, always).send({ id: params.id, name: "Ann", roles: ["admin", "author"] });
    })
    .where("id", router.matchers.number());
  router.get("/page", async ({ response, view }) => {
    setHeaders(response, withHtml);
    return view.render("page", { rows });
  });
  router
    .get("/enter", ({ response, session }) => {
      session.put("user", "Ann");
      session.flash("message", ["Saved <1>."]);
      setHeaders(response, withHtml).type("text/html; charset=utf-8").send("");
    })
    .use(middleware.session());
  router
    .get("/dashboard", async ({ response, session, view }) => {
      setHeaders(response, withHtml).vary("cookie");
      return view.render("dashboard", { user: session.get("user", ""), messages: session.flashMessages.get("message", []) });
    })
    .use(middleware.session());
  router
    .get("/form", async ({ response, view }) => {
      setHeaders(response, withHtml).vary("cookie");
      return view.render("form", { values: {}, errors: {} });
    })
    .use([middleware.session(), middleware.shield()]);
  router
    .post("/form", async ({ request, response, session, view }) => {
      setHeaders(response, withHtml).vary("cookie");
      const [error, post] = await request.tryValidateUsing(postForm);
      if (error === null) {
        session.flash("message", [`Saved ${post.title}.`]);
        return response.redirect().status(303).toPath("/dashboard");
      }
      const errors = {};
      for (const { field, message } of error.messages) {
        errors[field] = [...(errors[field] ?? []), message];
      }
      response.status(422).header("cache-control", "no-store");
      return view.render("form", { values: request.all(), errors });
    })
    .use([middleware.session(), middleware.shield()]);
  router.post("/api/posts", async ({ request, response }) => {
    const post = await request.validateUsing(newPost);
    setHeaders(response, always)
      .status(201)
      .send({ ...post, id: 1 });
  });
  for (const { findRow, kind, listFortunes, updateRows } of openDatabases()) {
    router
      .get(`/api/${kind}/rows/:id`, async ({ params, response }) => {
        setHeaders(response, always).send(await findRow(params.id));
      })
      .where("id", router.matchers.number());
    router.get(`/fortunes/${kind}`, async ({ response, view }) => {
      setHeaders(response, withHtml);
      return view.render("fortunes", { rows: await listFortunes() });
    });
    router.post(`/api/${kind}/updates`, async ({ response }) => {
      setHeaders(response, always).send(await updateRows());
    });
  }
  router.get("/events", ({ response }) => {
    const stream = new PassThrough();
    sendEvents(stream);
    setHeaders(response, { ...always, "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" }).stream(stream);
  });
  router.post("/upload", async ({ request, response }) => {
    const { clientName, size, tmpPath } = request.file("file");
    await unlink(tmpPath);
    setHeaders(response, always).send({ filename: clientName, size });
  });
  router.get("/static/*", ({ response }) => response.notFound()).use(middleware.files());
}

process.env.HOST = "127.0.0.1";
process.env.PORT = "0";
let server;
await new Ignitor(new URL("./", import.meta.url), { importer: (path) => import(path) })
  .tap((app) => {
    app.rcContents(rcFile).useConfig(config);
    app.starting(() => route(app));
  })
  .httpServer()
  .start((handle) => {
    server = createServer(handle);
    return server;
  });
announce(server);

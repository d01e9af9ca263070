import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { PassThrough } from "node:stream";
import multer from "@koa/multer";
import Router from "@koa/router";
import { Eta } from "eta";
import Koa from "koa";
import bodyParser from "koa-bodyparser";
import CSRF from "koa-csrf";
import session from "koa-session";
import serve from "koa-static";
import { openDatabases } from "./databases.mjs";
import { listErrors, NewPost, PostForm } from "./schemas.mjs";
import { always, announce, notFound, otherRoutes, rows, secret, sendEvents, staticFolder, views, withHtml } from "./shared.mjs";

const app = new Koa();
app.keys = [secret];
const router = new Router();
const eta = new Eta({ views, cache: true });
const sessions = session({ key: "session", httpOnly: true, sameSite: "lax", signed: true }, app);
const csrf = new CSRF();

function html(context, body, status = 200) {
  context.set(withHtml);
  context.status = status;
  context.type = "text/html; charset=utf-8";
  context.body = body;
}

async function withSession(context, next) {
  context.vary("cookie");
  await next();
}

router.get("/", (context) => html(context, "Hello, world!"));
for (let index = 0; index < otherRoutes; index++) {
  router.get(`/things${index}/:id`, (context) => {
    context.body = { index };
  });
}
router.get("/users/:id", (context) => {
  context.set(always);
  context.body = { id: Number(context.params.id), name: "Ann", roles: ["admin", "author"] };
});
router.get("/page", (context) => html(context, eta.render("./page", { rows })));
router.get("/enter", sessions, (context) => {
  context.session.user = "Ann";
  context.session.flashes = ["Saved <1>."];
  html(context, "");
});
router.get("/dashboard", sessions, withSession, (context) => {
  const { flashes = [], user = "" } = context.session;
  delete context.session.flashes;
  html(context, eta.render("./dashboard", { user, messages: flashes }));
});
router.get("/form", sessions, withSession, csrf, (context) => {
  html(context, eta.render("./form", { token: context.state._csrf, values: {}, errors: {} }));
});
router.post(
  "/form",
  sessions,
  withSession,
  bodyParser(),
  (context, next) => {
    context.request.body._csrf = context.request.body.csrf_token;
    return next();
  },
  csrf,
  (context) => {
    const { body } = context.request;
    const result = PostForm.safeParse(body);
    if (result.success) {
      context.session.flashes = [...(context.session.flashes ?? []), `Saved ${result.data.title}.`];
      context.set(withHtml);
      context.status = 303;
      context.redirect("/dashboard");
      return;
    }
    context.set("cache-control", "no-store");
    html(context, eta.render("./form", { token: context.state._csrf, values: body, errors: listErrors(result.error) }), 422);
  },
);
router.post("/api/posts", bodyParser(), (context) => {
  const result = NewPost.safeParse(context.request.body);
  context.set(always);
  context.status = result.success ? 201 : 422;
  context.body = result.success ? { ...result.data, id: 1 } : listErrors(result.error);
});
for (const { findRow, kind, listFortunes, updateRows } of openDatabases()) {
  router.get(`/api/${kind}/rows/:id`, async (context) => {
    context.set(always);
    context.body = await findRow(Number(context.params.id));
  });
  router.get(`/fortunes/${kind}`, async (context) => html(context, eta.render("./fortunes", { rows: await listFortunes() })));
  router.post(`/api/${kind}/updates`, async (context) => {
    context.set(always);
    context.body = await updateRows();
  });
}
router.get("/events", (context) => {
  const stream = new PassThrough();
  sendEvents(stream);
  context.set({ ...always, "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" });
  context.body = stream;
});
router.post("/upload", multer({ dest: tmpdir() }).single("file"), async (context) => {
  const { originalname, path, size } = context.file;
  await rm(path);
  context.set(always);
  context.body = { filename: originalname, size };
});

app.use(async (context, next) => {
  if (context.path.startsWith("/static/")) {
    context.set({ ...always, "cache-control": "no-cache" });
    context.path = context.path.slice("/static".length);
    await files(context, next);
    return;
  }
  await next();
});
const files = serve(staticFolder, { setHeaders: (response) => response.setHeader("cache-control", "no-cache") });
app.use(router.routes());
app.use((context) => {
  context.set("cache-control", "no-store");
  html(context, notFound, 404);
});
const server = app.listen(0, "127.0.0.1", () => announce(server));

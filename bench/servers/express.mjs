import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import flash from "connect-flash";
import cookieParser from "cookie-parser";
import cookieSession from "cookie-session";
import { doubleCsrf } from "csrf-csrf";
import { Eta } from "eta";
import express from "express";
import multer from "multer";
import { openDatabases } from "./databases.mjs";
import { listErrors, NewPost, PostForm } from "./schemas.mjs";
import { always, announce, notFound, otherRoutes, rows, secret, sendEvents, staticFolder, views, withHtml } from "./shared.mjs";

const app = express();
const eta = new Eta({ views, cache: true });
app.disable("x-powered-by");
app.disable("etag");
app.engine("eta", (path, options, callback) => {
  try {
    callback(null, eta.render(`./${path.slice(views.length + 1)}`, options));
  } catch (error) {
    callback(error);
  }
});
app.set("view engine", "eta");
app.set("views", views);
app.enable("view cache");

const html = (_request, response, next) => {
  response.set(withHtml);
  next();
};
const sessions = [
  cookieParser(secret),
  cookieSession({ name: "session", keys: [secret], httpOnly: true, sameSite: "lax" }),
  flash(),
  (_request, response, next) => {
    response.vary("cookie");
    next();
  },
];
const { generateCsrfToken, doubleCsrfProtection } = doubleCsrf({
  getSecret: () => secret,
  getSessionIdentifier: () => "",
  cookieName: "csrf",
  cookieOptions: { secure: false, sameSite: "lax" },
  getCsrfTokenFromRequest: (request) => request.body.csrf_token,
});

app.use("/static", express.static(staticFolder, { setHeaders: (response) => response.set({ ...always, "cache-control": "no-cache" }) }));
app.get("/", html, (_request, response) => response.send("Hello, world!"));
for (let index = 0; index < otherRoutes; index++) {
  app.get(`/things${index}/:id`, (_request, response) => response.json({ index }));
}
app.get("/users/:id", (request, response) => {
  response.set(always).json({ id: Number(request.params.id), name: "Ann", roles: ["admin", "author"] });
});
app.get("/page", html, (_request, response) => response.render("page", { rows }));
app.get("/enter", html, sessions, (request, response) => {
  request.session.user = "Ann";
  request.flash("message", "Saved <1>.");
  response.send("");
});
app.get("/dashboard", html, sessions, (request, response) => {
  response.render("dashboard", { user: request.session.user ?? "", messages: request.flash("message") });
});
app.get("/form", html, sessions, (request, response) => {
  request.session.seen = true;
  response.render("form", { token: generateCsrfToken(request, response), values: {}, errors: {} });
});
app.post("/form", html, sessions, express.urlencoded({ extended: false }), doubleCsrfProtection, (request, response) => {
  const result = PostForm.safeParse(request.body);
  if (result.success) {
    request.flash("message", `Saved ${result.data.title}.`);
    return response.redirect(303, "/dashboard");
  }
  const data = { token: generateCsrfToken(request, response), values: request.body, errors: listErrors(result.error) };
  return response.status(422).set("cache-control", "no-store").render("form", data);
});
app.post("/api/posts", express.json(), (request, response) => {
  const result = NewPost.safeParse(request.body);
  return result.success
    ? response
        .status(201)
        .set(always)
        .json({ ...result.data, id: 1 })
    : response.status(422).json(listErrors(result.error));
});
for (const { findRow, kind, listFortunes, updateRows } of openDatabases()) {
  app.get(`/api/${kind}/rows/:id`, async (request, response) => response.set(always).json(await findRow(Number(request.params.id))));
  app.get(`/fortunes/${kind}`, html, async (_request, response) => response.render("fortunes", { rows: await listFortunes() }));
  app.post(`/api/${kind}/updates`, async (_request, response) => response.set(always).json(await updateRows()));
}
app.get("/events", (_request, response) => {
  response.set({ ...always, "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" });
  response.flushHeaders();
  sendEvents(response);
});
app.post("/upload", multer({ dest: tmpdir() }).single("file"), async (request, response) => {
  const { originalname, path, size } = request.file;
  await rm(path);
  response.set(always).json({ filename: originalname, size });
});
app.use(html, (_request, response) => response.status(404).set("cache-control", "no-store").send(notFound));
const server = app.listen(0, "127.0.0.1", () => announce(server));

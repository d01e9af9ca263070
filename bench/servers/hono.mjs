import { zValidator } from "@hono/zod-validator";
import { Hono } from "hono";
import { getSignedCookie, setSignedCookie } from "hono/cookie";
import { csrf } from "hono/csrf";
import { html } from "hono/html";
import { streamSSE } from "hono/streaming";
import { openDatabases } from "./databases.mjs";
import { listErrors, NewPost, PostForm } from "./schemas.mjs";
import { always, eventInterval, notFound, otherRoutes, rows, secret, withHtml } from "./shared.mjs";

/** Makes the app, whose static files and server depend on the runtime. */
export function createApp(serveStatic) {
  const app = new Hono();
  const layout = (title, body) => html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${title}</title></head>
<body>
<nav><a href="/">Home</a> <a href="/page">People</a></nav>
${body}
</body>
</html>
`;
  const readSession = async (context) => JSON.parse((await getSignedCookie(context, secret, "session")) || "{}");
  const writeSession = (context, session) =>
    setSignedCookie(context, "session", JSON.stringify(session), secret, { path: "/", httpOnly: true, sameSite: "Lax" });
  const showForm = ({ values, errors }) => {
    const list = (name) =>
      errors[name] === undefined
        ? ""
        : html`<ul class="field-errors" id="field-${name}-errors">${errors[name].map((error) => html`<li>${error}</li>`)}</ul>`;
    const invalid = (name) => (errors[name] === undefined ? "" : html` aria-invalid="true" aria-describedby="field-${name}-errors"`);
    const kind = (name) => `field${errors[name] === undefined ? "" : " field-invalid"}`;
    return layout(
      "New post",
      html`<h1>New post</h1>
<form method="post">
<div class="${kind("title")}"><label for="field-title">Title</label><input type="text" name="title" id="field-title"${values.title === undefined ? "" : html` value="${values.title}"`} required minlength="3" maxlength="80"${invalid("title")}>${list("title")}</div>
<div class="${kind("body")}"><label for="field-body">Body</label><textarea name="body" id="field-body" required minlength="10" maxlength="2000"${invalid("body")}>
${values.body ?? ""}</textarea>${list("body")}</div>
<button type="submit">Send</button>
</form>`,
    );
  };

  app.get("/", (context) => context.html("Hello, world!", 200, withHtml));
  for (let index = 0; index < otherRoutes; index++) {
    app.get(`/things${index}/:id{[0-9]+}`, (context) => context.json({ index }));
  }
  app.get("/users/:id{[0-9]+}", (context) =>
    context.json({ id: Number(context.req.param("id")), name: "Ann", roles: ["admin", "author"] }, 200, always),
  );
  app.get("/page", (context) =>
    context.html(
      layout(
        "People",
        html`<h1>People</h1>
<table>
${rows.map(
  ({ id, name, email, amount }) =>
    html`<tr><td>${id}</td><td>${name}</td><td><a href="mailto:${email}">${email}</a></td><td>${amount}</td></tr>
`,
)}</table>`,
      ),
      200,
      withHtml,
    ),
  );
  app.get("/enter", async (context) => {
    await writeSession(context, { user: "Ann", flashes: ["Saved <1>."] });
    return context.html("", 200, withHtml);
  });
  app.get("/dashboard", async (context) => {
    const { flashes = [], ...session } = await readSession(context);
    await writeSession(context, session);
    const body = html`${flashes.map((text) => html`<p class="flash">${text}</p>`)}<h1>Hello, ${session.user ?? ""}</h1>`;
    return context.html(layout("Dashboard", body), 200, { ...withHtml, vary: "cookie" });
  });
  app.get("/form", async (context) => {
    await writeSession(context, await readSession(context));
    return context.html(showForm({ values: {}, errors: {} }), 200, { ...withHtml, vary: "cookie" });
  });
  app.post(
    "/form",
    csrf(),
    zValidator("form", PostForm, async (result, context) =>
      result.success
        ? undefined
        : context.html(showForm({ values: await context.req.parseBody(), errors: listErrors(result.error) }), 422, {
            ...withHtml,
            "cache-control": "no-store",
            vary: "cookie",
          }),
    ),
    async (context) => {
      const session = await readSession(context);
      const { title } = context.req.valid("form");
      await writeSession(context, { ...session, flashes: [...(session.flashes ?? []), `Saved ${title}.`] });
      for (const [name, value] of Object.entries(withHtml)) {
        context.header(name, value);
      }
      context.header("vary", "cookie");
      return context.redirect("/dashboard", 303);
    },
  );
  app.post("/api/posts", zValidator("json", NewPost), (context) => context.json({ ...context.req.valid("json"), id: 1 }, 201, always));
  for (const { findRow, kind, listFortunes, updateRows } of openDatabases()) {
    app.get(`/api/${kind}/rows/:id{[0-9]+}`, async (context) => context.json(await findRow(Number(context.req.param("id"))), 200, always));
    app.get(`/fortunes/${kind}`, async (context) => {
      const fortunes = await listFortunes();
      const body = html`<h1>Fortunes</h1>
<table>
${fortunes.map(
  ({ id, message }) => html`<tr><td>${id}</td><td>${message}</td></tr>
`,
)}</table>`;
      return context.html(layout("Fortunes", body), 200, withHtml);
    });
    app.post(`/api/${kind}/updates`, async (context) => context.json(await updateRows(), 200, always));
  }
  app.get("/events", (context) => {
    for (const [name, value] of Object.entries(always)) {
      context.header(name, value);
    }
    return streamSSE(context, async (stream) => {
      for (let id = 0; !stream.aborted; id++) {
        await stream.writeSSE({ data: String(id) });
        await stream.sleep(eventInterval);
      }
    });
  });
  app.post("/upload", async (context) => {
    const { file } = await context.req.parseBody();
    return context.json({ filename: file.name, size: file.size }, 200, always);
  });
  app.use("/static/*", async (context, next) => {
    await next();
    for (const [name, value] of Object.entries({ ...always, "cache-control": "no-cache" })) {
      context.header(name, value);
    }
  });
  app.use("/static/*", serveStatic({ root: "generated" }));
  app.notFound((context) => context.html(notFound, 404, { ...withHtml, "cache-control": "no-store" }));
  return app;
}

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  abort,
  afterThisRequest,
  BuildError,
  channel,
  defineForm,
  escape,
  eventStream,
  Flagon,
  FlagonResponse,
  flash,
  html,
  json,
  makeResponse,
  redirect,
  redirectBack,
  renderTemplateAsync,
  renderTemplateString,
  request,
  sendFile,
  sendFromDirectory,
  session,
  signToken,
  signUrl,
  urlFor,
} from "../../src";
import { hashPassword, LoginManager, loginUser } from "../../src/login";
import { collectUnhandled } from "../support";

const unhandled = collectUnhandled();

/** A promise in place of a value, which is rejected a little later. JavaScript lets it pass, and so does a cast. */
function lost(): never {
  const promise: unknown = new Promise((_, reject) => setTimeout(() => reject(new Error("The database is down.")), 2));
  return promise as never;
}

const root = mkdtempSync(join(tmpdir(), "flagon-await-"));
writeFileSync(join(root, "a.txt"), "a");

function createApp(view: () => unknown): Flagon {
  const app = new Flagon(root, { config: { secretKey: "a secret key for tests", serverName: "example.com" } });
  app.logger.level = "silent";
  app.use(new LoginManager({ loadUser: (id) => ({ id }), getSecret: () => "hash" }));
  app.get("/items/<int:id>", ({ id }) => `${id}`, { endpoint: "item" });
  app.get("/day/<string:day>", ({ day }) => day, { endpoint: "day" });
  app.get("/", view, { endpoint: "view" });
  app.errorHandler(Error, (error) => `${error.name}: ${error.message}`);
  return app;
}

async function ask(view: () => unknown): Promise<{ readonly status: number; readonly text: string }> {
  const response = await createApp(view).testClient().get("/");
  const text = await response.text();
  // The promise is rejected meanwhile.
  await new Promise((resolve) => setTimeout(resolve, 5));
  return { status: response.status, text };
}

function change(change: (response: FlagonResponse) => unknown): () => FlagonResponse {
  return () => {
    const response = makeResponse("");
    change(response);
    return response;
  };
}

const Search = defineForm({ title: z.string(), kind: z.string() });

/** The places of a value, and the name that the error gives to each. */
const places: readonly (readonly [place: string, view: () => unknown])[] = [
  ["location of redirect()", () => redirect(lost())],
  ["location of redirect()", () => redirectBack(lost())],
  ["status of redirect()", () => redirect("/", lost())],
  ["file of sendFile()", () => sendFile(lost(), { downloadName: "a.txt" })],
  ["member 'downloadName' of the options of sendFile()", () => sendFile("a.txt", { downloadName: lost() })],
  ["result of the function 'maxAge'", () => sendFile("a.txt", { maxAge: () => lost() })],
  ["directory of sendFromDirectory()", () => sendFromDirectory(lost(), "a.txt")],
  ["name of sendFromDirectory()", () => sendFromDirectory(".", lost())],
  ["value 'user' of session.set()", () => session.set("user", lost())],
  ["member 'rows.1' of the value 'cart' of session.set()", () => session.set("cart", { rows: [1, lost()] })],
  [
    "property 'permanent' of the session",
    () => {
      session.permanent = lost();
    },
  ],
  ["message of flash()", () => flash(lost())],
  ["member 'name' of the message of flash()", () => flash({ name: lost() })],
  ["category of flash()", () => flash("Saved.", lost())],
  ["header 'x-user'", change(({ headers }) => headers.set("x-user", lost()))],
  ["header 'x-user'", change(({ headers }) => headers.append("x-user", lost()))],
  ["name of a header", change(({ headers }) => headers.set(lost(), "a"))],
  ["header 'x-user'", () => makeResponse("", 200, { "x-user": lost() })],
  ["collection of headers", () => makeResponse("", 200, lost())],
  ["header 'x-user'", () => makeResponse("", 200, { "x-user": ["a", lost()] })],
  ["value of the cookie 'theme'", change((response) => response.setCookie("theme", lost()))],
  ["member 'path' of the options of the cookie 'theme'", change((response) => response.setCookie("theme", "a", { path: lost() }))],
  ["name of a cookie", change((response) => response.setCookie(lost(), "a"))],
  ["property 'etag' of a response", change((response) => Object.assign(response, { etag: lost() }))],
  ["property 'lastModified' of a response", change((response) => Object.assign(response, { lastModified: lost() }))],
  ["property 'expires' of a response", change((response) => Object.assign(response, { expires: lost() }))],
  ["property 'cacheControl' of a response", change((response) => Object.assign(response, { cacheControl: lost() }))],
  ["directive 'max-age' of Cache-Control", change((response) => Object.assign(response.cacheControl, { maxAge: lost() }))],
  ["header 'location'", change((response) => Object.assign(response, { location: lost() }))],
  ["header 'content-type'", change((response) => Object.assign(response, { mimeType: lost() }))],
  ["body of a response", change((response) => Object.assign(response, { body: lost() }))],
  ["body of a response", () => new FlagonResponse(lost())],
  ["status of a response", change((response) => Object.assign(response, { status: lost() }))],
  ["status of a response", () => json({}, lost())],
  ["status of a response", () => makeResponse("", lost())],
  ["function of callOnClose()", change((response) => response.callOnClose(lost()))],
  ["name of a header for vary()", change((response) => response.vary(lost()))],
  ["function of afterThisRequest()", () => afterThisRequest(lost())],
  ["status of abort()", () => abort(lost())],
  ["description of abort()", () => abort(404, lost())],
  ["member 'retryAfter' of the options of abort()", () => abort(503, "Later.", { retryAfter: lost() })],
  ["data of a template", () => renderTemplateString("a", lost())],
  ["data of a template", () => renderTemplateAsync("a", lost())],
  ["value in HTML", () => html`<b>${lost()}</b>`],
  ["value in HTML", () => html`<b>${["a", lost()]}</b>`],
  ["value in HTML", () => escape(lost())],
  ["value in HTML", () => renderTemplateString("<%= it.names %>", { names: [lost()] })],
  ["member 'name' of the value of tojson()", () => renderTemplateString("<%= tojson(it.a) %>", { a: { name: lost() } })],
  ["member 'id' of the values of urlFor()", () => urlFor("item", { id: lost() })],
  ["member 'page' of the values of urlFor()", () => urlFor("item", { id: 1, page: lost() })],
  ["member 'anchor' of the options of urlFor()", () => urlFor("item", { id: 1 }, { anchor: lost() })],
  ["argument of urlFor()", () => urlFor(lost())],
  ["argument of urlFor()", () => urlFor("item", lost())],
  ["member 'id' of the values of urlFor()", () => renderTemplateString("<%= urlFor('item', { id: it.a.id }) %>", { a: { id: lost() } })],
  ["data of signToken()", () => signToken(lost(), { purpose: "reset", expiresIn: 60 })],
  ["member 'user' of the data of signToken()", () => signToken({ user: lost() }, { purpose: "reset", expiresIn: 60 })],
  ["member 'bind' of the options of signToken()", () => signToken(1, { purpose: "reset", expiresIn: 60, bind: lost() })],
  ["URL of signUrl()", () => signUrl(lost(), { expiresIn: 60 })],
  ["user of a login", () => loginUser(lost())],
  ["id of a user", () => loginUser({ id: lost() } as never)],
  ["password of hashPassword()", () => hashPassword(lost())],
  ["option 'initial' of validateOnSubmit()", () => Search.validateOnSubmit({ initial: lost() })],
  ["value of 'title' in the option 'initial' of validateOnSubmit()", () => Search.validateOnSubmit({ initial: { title: lost() } })],
  ["value of 'kind' in the option 'choices' of validateOnSubmit()", () => Search.validateOnSubmit({ choices: { kind: lost() } })],
  ["attribute 'title'", async () => (await Search.validateOnSubmit()).render({ title: lost() })],
  ["name of channel()", () => channel(lost())],
  ["member 'text' of the message for the channel 'news'", () => channel("news").publish({ text: lost() })],
];

describe("a promise in place of a value", () => {
  it.each(places)("is refused as the %s, and its rejection ends nothing", async (place, view) => {
    unhandled.length = 0;
    const { status, text } = await ask(view);
    expect(text).toContain(`The ${place} is a promise. Await it: put 'await' before the call that returns it.`);
    expect(status).toBe(500);
    expect(unhandled).toEqual([]);
  });

  it.each([
    ["returned data", () => [lost()], "Promise"],
    ["data of json()", () => json({ rows: lost() }), "data whose 'rows' is a promise. Did you forget to await it?"],
    ["json()", () => json(lost()), "json() returned a promise. Did you forget to await it?"],
    ["makeResponse()", () => makeResponse(lost()), "makeResponse() returned a promise. Did you forget to await it?"],
    ["a list of a template", () => renderTemplateString("<% for (const row of it.rows) { %>a<% } %>", { rows: lost() }), "await it"],
    ["a printed value", () => renderTemplateString("<%= it.name %>", { name: lost(), other: lost() }), "'it.name' is a promise. Await it"],
    ["eventStream()", () => eventStream(lost()), "got no stream of events"],
  ])("is refused as %s in debug mode", async (_, view, message) => {
    unhandled.length = 0;
    const app = createApp(view);
    app.config.debug = true;
    const response = await app.testClient().get("/");
    expect(await response.text()).toContain(message === "Promise" ? "is a promise" : message);
    expect(response.status).toBe(500);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(unhandled).toEqual([]);
  });

  it.each([
    ["data of an event", () => ({ data: { name: lost() } })],
    ["text of an event", () => ({ data: lost() })],
    ["kind of an event", () => ({ data: "", event: lost() })],
    ["id of an event", () => ({ data: "", id: lost() })],
  ])("is refused as the %s", async (_, create) => {
    unhandled.length = 0;
    const { status } = await ask(() =>
      eventStream(
        (async function* () {
          yield create() as never;
        })(),
      ),
    );
    expect(status).toBe(500);
    expect(unhandled).toEqual([]);
  });

  it("is refused as the result of a function that is called at once", async () => {
    unhandled.length = 0;
    const app = createApp(() => urlFor("day", { day: "today" }));
    app.urlDefaults(() => lost());
    const response = await app.testClient().get("/");
    expect(await response.text()).toContain("The result of a function of urlDefaults is a promise.");

    const other = createApp(() => "");
    other.urlValuePreprocessor(() => lost());
    expect(await (await other.testClient().get("/")).text()).toContain("The result of a urlValuePreprocessor is a promise.");

    const third = createApp(() => urlFor("none"));
    third.urlBuildErrorHandler(() => lost());
    expect(await (await third.testClient().get("/")).text()).toContain("The URL of a urlBuildErrorHandler is a promise.");

    const fourth = createApp(() => renderTemplateString("a"));
    fourth.contextProcessor(() => lost());
    expect(await (await fourth.testClient().get("/")).text()).toContain("is a promise. Await it");
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(unhandled).toEqual([]);
  });

  it("is refused as the result of a converter", async () => {
    unhandled.length = 0;
    const app = createApp(() => urlFor("slug", { post: "a" }));
    app.converters.set("post", { regex: "[a-z]+", parse: () => lost(), format: () => lost() });
    app.route("/posts/<post:post>" as never, () => "", { endpoint: "slug" });
    const client = app.testClient();
    expect(await (await client.get("/posts/a")).text()).toContain("The result of 'parse' of the converter of 'post' is a promise.");
    const response = await client.get("/");
    expect(await response.text()).toContain(`${BuildError.name}: Could not build a URL for endpoint 'slug'`);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(unhandled).toEqual([]);
  });

  it.each([
    ["json()", () => json(lost())],
    ["makeResponse()", () => makeResponse(lost())],
  ])("is refused by %s outside of the debug mode too", async (_, view) => {
    unhandled.length = 0;
    const { status, text } = await ask(view);
    expect(status).toBe(500);
    expect(text).toContain("Await it.");
    expect(unhandled).toEqual([]);
  });

  it("does not run the query that was not awaited", async () => {
    let runs = 0;
    const query = new Proxy({}, { has: (_, key) => key === "then", get: (_, key) => (key === "then" ? () => runs++ : undefined) });
    const { status } = await ask(() => redirect(query as never));
    expect(status).toBe(500);
    expect(runs).toBe(0);
  });

  it("is taken where promises are awaited", async () => {
    const { status, text } = await ask(async () => renderTemplateAsync("page", { name: "Ann" }).catch(() => Promise.resolve(request.path)));
    expect([status, text]).toEqual([200, "/"]);
  });

  it("is not confused with a user without an id", async () => {
    const { status, text } = await ask(() => loginUser({} as never));
    expect(status).toBe(500);
    expect(text).toContain("The user of a login has no id.");
  });
});

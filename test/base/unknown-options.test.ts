import {
  abort,
  afterThisRequest,
  Blueprint,
  type Converter,
  defineForm,
  eventStream,
  Flagon,
  type FlagonOptions,
  getFlashedMessages,
  HTTPException,
  isUrlSigned,
  json,
  makeResponse,
  NotFound,
  RedisChannels,
  readToken,
  redirect,
  request,
  sendFile,
  sendFromDirectory,
  signedUrl,
  signToken,
  signUrl,
  TooManyRequests,
  UploadedFile,
  urlFor,
  viewDecorator,
} from "flagon";
import { Database, openLibsql, paginate } from "flagon/database";
import { Jobs, job, schedule } from "flagon/jobs";
import { hashPassword, LoginManager, loginForTest, loginUser } from "flagon/login";
import { Mail } from "flagon/mail";
import { createDocument, openapi } from "flagon/openapi";
import { MemoryStore, RedisStore, ServerSessions } from "flagon/sessions";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { createApp } from "../support";

const info = { title: "Shop", version: "1" };
const client = () => createApp().testClient();

function addConverter(converter: object): void {
  const app = createApp();
  app.converters.set("own", converter as Converter);
  app.get("/<own:name>" as "/", () => "", { endpoint: "x" });
}
const describeRoute = (openapi: object) => createApp().get("/", () => "", { openapi: openapi as Record<string, unknown>, endpoint: "x" });

describe("an option that does not exist", () => {
  it.each<[string, () => unknown, string]>([
    [
      "an app",
      () => new Flagon(".", { templats: "x" } as FlagonOptions),
      "There is no option 'templats' of new Flagon(). Did you mean 'templates'?",
    ],
    [
      "a form",
      () => defineForm({ a: z.string() }, { csfr: false } as object),
      "There is no option 'csfr' of defineForm(). Did you mean 'csrf'?",
    ],
    [
      "a login manager",
      () => new LoginManager({ loadUser: () => null, loginVeiw: "x" } as never),
      "There is no option 'loginVeiw' of new LoginManager(). Did you mean 'loginView'?",
    ],
    ["sessions on the server", () => new ServerSessions(new MemoryStore(), { idleLifetme: 5 } as object), "Did you mean 'idleLifetime'?"],
    ["a store", () => new MemoryStore({ max: 5 } as object), "There is no option 'max' of new MemoryStore(). The options are: limit."],
    ["a store in Redis", () => new RedisStore({} as never, { prefx: "a" } as object), "Did you mean 'prefix'?"],
    ["jobs", () => new Jobs({ concurency: 5 } as object), "There is no option 'concurency' of new Jobs(). Did you mean 'concurrency'?"],
    [
      "mails",
      () => new Mail({ from: "a@example.com", transprt: "x" } as never),
      "There is no option 'transprt' of new Mail(). Did you mean 'transport'?",
    ],
    ["a decorator", () => viewDecorator((next) => next(), { requireLogin: true } as object), "Did you mean 'requiresLogin'?"],
    [
      "the document",
      () => createDocument(createApp(), { info, tgs: [] } as never),
      "There is no option 'tgs' of openapi(). Did you mean 'tags'?",
    ],
    [
      "its information",
      () => openapi({ info: { ...info, descripton: "x" } }),
      "There is no option 'descripton' of 'info' of openapi(). Did you mean 'description'?",
    ],
    [
      "a response",
      () => describeRoute({ responses: { 404: { descripton: "x" } } }),
      "There is no option 'descripton' of the response 404 of the route of x. Did you mean 'description'?",
    ],
    [
      "the responses",
      () => describeRoute({ responses: { notFound: "x" } }),
      'has a response \'notFound\', which is no status: write 404, "4XX" or "default".',
    ],
    ["an app's server", () => createApp().run({ prot: 0 } as object), "There is no option 'prot' of app.run(). Did you mean 'port'?"],
    ["a server of production", () => createApp().serve({ helthPath: "/" } as object), "Did you mean 'healthPath'?"],
    ["a port alone", () => createApp().run(3000 as never), "app.run() takes an object: app.run({ port: 3000 })."],
    [
      "a port of text",
      () => createApp().serve({ port: "" as never }),
      "'port' of app.serve() must be a whole number from 0 to 65535, but got",
    ],
    ["a function at the start", () => createApp().onStart(() => undefined, { onec: true } as object), "Did you mean 'once'?"],
    [
      "a health check",
      () => createApp().healthCheck("db", () => true, { timeuot: 3 } as object),
      "There is no option 'timeuot' of the health check 'db'. Did you mean 'timeout'?",
    ],
    [
      "a command",
      () => createApp().command("greet <name>", () => "", { descripton: "x" } as object),
      "There is no option 'descripton' of the command 'greet <name>'. Did you mean 'description'?",
    ],
    [
      "a type of a command",
      () => createApp().command("greet", () => "", { options: { loud: "bool" } as never }),
      "The option 'loud' of the command 'greet' cannot have the type the text \"bool\". The types are: string, int, float, boolean.",
    ],
    ["a file of settings", () => createApp().config.loadFile("x.json", { slient: true } as object), "Did you mean 'silent'?"],
    [
      "a client of tests",
      () => Reflect.apply(createApp().testClient, createApp(), [{ useCookies: false }]),
      "app.testClient() takes no arguments.",
    ],
    ["signed links", () => signedUrl({ ingore: [] } as object), "There is no option 'ingore' of @signedUrl(). Did you mean 'ignore'?"],
    [
      "a job",
      () => job("options", { retrys: 3 } as object, () => undefined),
      "There is no option 'retrys' of the job 'options'. Did you mean 'retries'?",
    ],
    [
      "a schedule",
      () => schedule("* * * * *", { timezon: "UTC" } as object),
      "There is no option 'timezon' of @schedule(). Did you mean 'timeZone'?",
    ],
    [
      "a schedule of functions",
      () => new Jobs().schedule("tidy", "* * * * *", () => 1, { retris: 1 } as object),
      "Did you mean 'retries'?",
    ],
    ["channels in Redis", () => new RedisChannels({} as never, { prefx: "a" } as object), "Did you mean 'prefix'?"],
    ["a database", () => new Database({} as never, { migration: "x" } as object), "There is no option 'migration' of new Database()."],
    ["a file of a database", () => openLibsql(":memory:", { authTokn: "x" } as object), "Did you mean 'authToken'?"],
    ["messages of a form", () => defineForm({ a: z.string() }, { messages: { requird: "x" } as object }), "Did you mean 'required'?"],
    [
      "an error",
      () => new NotFound("x", { header: {} } as object),
      "There is no option 'header' of new NotFound(). Did you mean 'headers'?",
    ],
    ["an error with a time", () => new TooManyRequests("x", { retryafter: 3 } as object), "Did you mean 'retryAfter'?"],
    [
      "options that are text",
      () => new Blueprint("part", "/part" as never),
      "The options of the blueprint 'part' must be an object, but got the text \"/part\".",
    ],
    [
      "a converter",
      () => addConverter({ regex: "x", prase: Number }),
      "There is no option 'prase' of the converter 'own'. Did you mean 'parse'?",
    ],
    ["an expression of a converter", () => addConverter({ regex: /^[a-z]+$/ }), 'but got /^[a-z]+$/. Write its source: "[a-z]+".'],
    ["a converter without one", () => addConverter({}), "The converter 'own' needs 'regex', the text of an expression, but got nothing."],
  ])("is refused at set-up: of %s", (_, set, message) => {
    expect(set).toThrow(message);
  });

  it.each<[string, () => unknown, string]>([
    [
      "a cookie",
      () => makeResponse("").setCookie("a", "b", { httponly: true } as object),
      "There is no option 'httponly' of setCookie(). Did you mean 'httpOnly'?",
    ],
    [
      "a removed cookie",
      () => makeResponse("").deleteCookie("a", { pth: "/" } as object),
      "There is no option 'pth' of deleteCookie(). Did you mean 'path'?",
    ],
    [
      "a redirect",
      () => redirect("/", { extrnal: true } as object),
      "There is no option 'extrnal' of redirect(). Did you mean 'external'?",
    ],
    ["a redirect with a status", () => redirect("/", 302, { extrnal: true } as object), "Did you mean 'external'?"],
    ["a file", () => sendFile(__filename, { attachment: true } as object), "There is no option 'attachment' of sendFile()."],
    [
      "a file of a folder",
      () => sendFromDirectory(".", "x", { maxage: 5 } as object),
      "There is no option 'maxage' of sendFromDirectory(). Did you mean 'maxAge'?",
    ],
    ["a stream of events", () => eventStream((async function* () {})(), { hartbeat: 5 } as object), "Did you mean 'heartbeat'?"],
    ["a body", () => request.json({ shema: z.any() } as object), "There is no option 'shema' of request.json(). Did you mean 'schema'?"],
    [
      "a form of a request",
      () => request.form({ shema: z.any() } as never),
      "There is no option 'shema' of request.form(). Did you mean 'schema'?",
    ],
    [
      "a bound form",
      () => defineForm({ a: z.string() }).validateOnSubmit({ inital: {} } as object),
      "There is no option 'inital' of validateOnSubmit(). Did you mean 'initial'?",
    ],
    [
      "a login",
      () => loginUser({ id: 1 } as never, { rember: true } as object),
      "There is no option 'rember' of loginUser(). Did you mean 'remember'?",
    ],
    [
      "a token",
      () => signToken(1, { purpose: "x", expiresIn: 9, bnd: 1 } as never),
      "There is no option 'bnd' of signToken(). Did you mean 'bind'?",
    ],
    [
      "a token without options",
      () => Reflect.apply(signToken, undefined, [1]),
      "signToken() needs options, but got none. The options are: purpose,",
    ],
    ["a token that is read", () => readToken("x", { purpose: "x", max_age: 5 } as never), "Did you mean 'maxAge'?"],
    ["a token that is read without any", () => Reflect.apply(readToken, undefined, ["x"]), "readToken() needs options, but got none."],
    [
      "a signed URL",
      () => signUrl("/x", { expiresIn: 9, expire: 1 } as never),
      "There is no option 'expire' of signUrl(). Did you mean 'expiresIn'?",
    ],
    ["a signed URL without any", () => Reflect.apply(signUrl, undefined, ["/x"]), "signUrl() needs options, but got none."],
    ["the check of one", () => isUrlSigned({ ingore: [] } as object), "Did you mean 'ignore'?"],
    ["a URL", () => urlFor("x", {}, { externl: true } as object), "There is no option 'externl' of urlFor(). Did you mean 'external'?"],
    ["flashed messages", () => getFlashedMessages({ with_categories: true } as object), "Did you mean 'withCategories'?"],
    [
      "flashed messages by place",
      () => getFlashedMessages(true as never),
      "The options of getFlashedMessages() must be an object, but got true.",
    ],
    ["an end", () => abort(404, "x", { header: {} } as object), "There is no option 'header' of abort(). Did you mean 'headers'?"],
    [
      "an end by place",
      () => abort(404, { headers: {} } as never),
      "The description of abort() must be a text, but got an object. Options are the third",
    ],
    ["a query", () => request.query.get("page", { tpye: "int" } as never), "There is no option 'tpye' of get(). Did you mean 'type'?"],
    [
      "a query with a default by place",
      () => request.query.get("page", 1 as never),
      'such as { default: 1 } or { type: "int" }, but got 1.',
    ],
    ["a list of a query", () => request.query.getAll("page", "int" as never), 'or { type: "int" }, but got the text "int".'],
    ["a type of a query", () => request.query.get("page", { type: "number" as never }), "There is no type 'number' to convert text to."],
    [
      "a password",
      () => hashPassword("x", { methd: "x" } as object),
      "There is no option 'methd' of hashPassword(). Did you mean 'method'?",
    ],
    [
      "a login of a test",
      () => loginForTest(createApp().testClient(), { id: 1 } as never, { frsh: true } as object),
      "Did you mean 'fresh'?",
    ],
    [
      "pages",
      () => paginate(async () => [], { perpage: 3, count: false } as object),
      "There is no option 'perpage' of paginate(). Did you mean 'perPage'?",
    ],
    [
      "an upload",
      () => new UploadedFile("a", "text/plain", new Uint8Array()).saveTo("/tmp/x", { overwrit: true } as object),
      "There is no option 'overwrit' of saveTo(). Did you mean 'overwrite'?",
    ],
    [
      "rows of a form",
      async () => (await defineForm({ a: z.array(z.string()) }).validateOnSubmit()).rows("a", { extr: 1 } as object),
      "Did you mean 'extra'?",
    ],
    [
      "a status by name",
      () => json(1, { status: 201 } as never),
      "The status of a response must be a number from 200 to 599, but got an object. It stands alone",
    ],
    [
      "a status of text",
      () => redirect("/", "301" as never),
      'The status of redirect() must be a number, such as 303, but got the text "301".',
    ],
    [
      "a status of text for an end",
      () => abort("404" as never),
      'The status of abort() must be a number, such as 404, but got the text "404".',
    ],
    ["a status of a redirect for an end", () => abort(302), "To redirect, return redirect(location)."],
    [
      "a redirect as Express has it",
      () => Reflect.apply(redirect, undefined, [301, "/x"]),
      'The location comes first: redirect("/x", 301).',
    ],
    ["a function after the request", () => afterThisRequest(3 as never), "afterThisRequest() needs a function of the response, but got 3."],
  ])("is refused when it is given: of %s", async (_, give, message) => {
    const app = createApp();
    app.post("/", async () => JSON.stringify(await give()), { endpoint: "x" });
    await expect(app.testClient().post("/?page=1")).rejects.toThrow(message);
  });

  it("is refused of a server-sent event", async () => {
    const app = createApp();
    const send = async function* () {
      yield { dat: 1 } as never;
    };
    app.get("/", () => eventStream(send()), { endpoint: "x" });
    await expect(app.testClient().get("/")).rejects.toThrow("There is no option 'dat' of a server-sent event. Did you mean 'data'?");
  });

  it("is refused of a mail", async () => {
    const mail = new Mail({ from: "a@example.com" });
    createApp().use(mail);
    await expect(mail.send({ to: "b@example.com", subjct: "x", text: "y" } as never)).rejects.toThrow("Did you mean 'subject'?");
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ["follows", () => client().get("/", { folowRedirects: true } as object), "There is no option 'folowRedirects' of a test request."],
    ["has JSON", () => client().post("/", { jsn: {} } as object), "There is no option 'jsn' of a test request. Did you mean 'json'?"],
    [
      "has data, as in Flask",
      () => client().post("/", { data: {} } as object),
      "The options are: headers, query, auth, json, form, files,",
    ],
    ["has a context", () => createApp().testRequestContext("/", { metod: "PUT" } as object, () => 1), "Did you mean 'method'?"],
    ["has no target", () => client().get(undefined as never), 'A test request needs a target, a path such as "/posts", but got nothing.'],
    ["has a target that is no text", () => client().get(new URL("http://localhost/") as never), "Give its text: String(url)."],
    ["has an object as body", () => client().post("/", { body: { a: 1 } as never }), "The 'body' of a test request is an object."],
    [
      "has a text as form",
      () => client().post("/", { form: "a=1" as never }),
      "'form' of a test request must be an object of names and values",
    ],
    [
      "has a list as query",
      () => client().get("/", { query: [["a", "1"]] as never }),
      "'query' of a test request must be an object of names",
    ],
    [
      "has an object as field",
      () => client().post("/", { form: { user: { name: "Ann" } } as never }),
      "The value 'user' in 'form' of a test",
    ],
    ["has a file as field", () => client().post("/", { form: { photo: new File([], "a") } as never }), "Send a file by 'files'."],
    [
      "has a text as file",
      () => client().post("/", { files: { photo: "a.png" as never } }),
      "The file 'photo' of a test request is the text",
    ],
    ["has no function for the session", () => Reflect.apply(client().session, client(), []), "client.session() takes a function"],
  ])("is refused of a request that %s", async (_, send, message) => {
    await expect(send()).rejects.toThrow(message);
  });

  it("may be of the other way to serve an app, which is logged", () => {
    const app = createApp();
    const warn = vi.spyOn(app.logger, "warn");
    // A short key ends the start.
    expect(() => app.serve({ port: 0, reload: true } as object)).toThrow("The secret key is shorter");
    expect(warn).toHaveBeenCalledWith("app.serve() has no option 'reload', which belongs to app.run(). It is left out.");
  });

  it("may be an option of a subclass of an error, or a member of a converter's class", () => {
    class Busy extends HTTPException {
      static override readonly status = 503;
    }
    class Letters {
      readonly regex = "[a-z]+";
      readonly language = "en";
    }
    expect(() => new Busy("Busy.", { seconds: 3, code: "E1" } as object)).not.toThrow();
    expect(() => addConverter(new Letters())).not.toThrow();
  });

  it("may be one of the document's own, which begin with x-", () => {
    expect(() =>
      describeRoute({ responses: { 404: { description: "Gone.", "x-own": 1 }, "x-own": {}, "5XX": "Broken.", default: "Other." } }),
    ).not.toThrow();
    expect(() => openapi({ info: { ...info, "x-logo": "a" }, docs: null })).not.toThrow();
  });
});
